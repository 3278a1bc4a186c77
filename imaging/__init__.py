"""From an uploaded picture to the array that a network sees."""
