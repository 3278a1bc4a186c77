"""An experiment told as one page."""
