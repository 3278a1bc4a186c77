"""Webhooks and what was sent to them."""

from datetime import datetime

from trainyard.answers.base import Answer, JsonObject


class NewWebhook(Answer):
    """`secret` verifies the signatures; it is never shown again."""

    id: str
    url: str
    events: list[str]
    created_at: datetime
    secret: str


class Webhook(Answer):
    """`pending` counts deliveries that wait, `failed` those of the last hundred that were given up."""

    id: str
    url: str
    events: list[str]
    created_at: datetime
    pending: int
    failed: int


class DeliveryAttempt(Answer):
    """`status` is that of the answer, None if none came; `error` says what went wrong."""

    at: datetime
    seconds: float
    status: int | None = None
    error: str | None = None


class Delivery(Answer):
    """`id` is the `webhook-id` of every attempt; `status` is "pending", "delivered" or "failed"."""

    id: str
    event: str
    status: str
    created_at: datetime
    next_attempt_at: datetime | None = None
    attempts: list[DeliveryAttempt]
    message: JsonObject
