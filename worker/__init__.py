"""Trains: a Celery task wakes a supervisor, which runs each experiment in a trainer process of its own."""
