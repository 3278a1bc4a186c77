"""Predictions of many pictures: an archive of them, read one by one from a temporary file."""
