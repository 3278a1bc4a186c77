"""Assignments, and what students submit."""
