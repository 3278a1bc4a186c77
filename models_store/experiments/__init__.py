"""Experiments on disk and in Redis."""
