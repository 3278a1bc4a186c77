"""Answers as lines and tables, where several commands show them."""
