"""Webhooks, and the outbox of what is sent to them."""
