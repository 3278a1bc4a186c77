"""What `page.py` measures of the page in the course of time."""
