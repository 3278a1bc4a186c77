"""Suggests the next trials of a sweep."""
