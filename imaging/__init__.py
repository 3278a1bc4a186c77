"""From an uploaded image to the array that a network sees."""
