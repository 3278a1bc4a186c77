"""Supervision of the child processes that do the work."""
