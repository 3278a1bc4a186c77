"""Sends what is in the outbox of webhooks."""
