"""Answers about webhooks."""

from datetime import datetime
from typing import Any

import orjson

from api.schemas.answer import Answer, ItemList
from models_store.webhooks.webhook import Delivery, DeliveryAttempt, DeliveryStatus, Webhook
from specs.webhook import WebhookEvent


class WebhookView(Answer):
    """A webhook, without its secret. `pending` counts the deliveries that wait for an attempt, `failed` those of the
    last hundred that were given up."""

    id: str
    url: str
    events: list[WebhookEvent]
    created_at: datetime
    pending: int
    failed: int

    @classmethod
    def of(cls, webhook: Webhook, deliveries: list[Delivery]) -> "WebhookView":
        counts = {status: sum(each.status is status for each in deliveries) for status in DeliveryStatus}
        return cls(
            **{name: getattr(webhook, name) for name in ("id", "url", "created_at")},
            events=list(webhook.events),
            pending=counts[DeliveryStatus.PENDING],
            failed=counts[DeliveryStatus.FAILED],
        )


class WebhookCreated(Answer):
    """`secret` verifies the signatures; it is never shown again."""

    id: str
    url: str
    events: list[WebhookEvent]
    created_at: datetime
    secret: str

    @classmethod
    def of(cls, webhook: Webhook) -> "WebhookCreated":
        return cls(**{**webhook.model_dump(include=set(cls.model_fields)), "events": list(webhook.events)})


class WebhookList(ItemList[WebhookView]):
    """All webhooks, oldest first."""


class DeliveryView(Answer):
    """`id` is the `webhook-id` of every attempt. While it is `pending` it is sent, or sent again at `next_attempt_at`;
    once it has `failed` it is not sent again. `message` is the body."""

    id: str
    event: str
    status: DeliveryStatus
    created_at: datetime
    next_attempt_at: datetime | None
    attempts: list[DeliveryAttempt]
    message: dict[str, Any]

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryView":
        same = {name: getattr(delivery, name) for name in cls.model_fields if name != "message"}
        return cls(**{**same, "attempts": list(delivery.attempts)}, message=orjson.loads(delivery.body))


class DeliveryList(ItemList[DeliveryView]):
    """The last hundred that have ended and all that wait, newest first."""
