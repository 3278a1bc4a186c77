"""What lasts: files are the truth, Redis is the fast, live view of it and the queue."""
