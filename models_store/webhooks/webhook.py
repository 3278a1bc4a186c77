"""A webhook, and one delivery to it."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from pydantic import Field
from ulid import ULID

from models_store.frozen import Frozen, utc_now
from models_store.versions import Nested, Stored
from specs.webhook import WebhookEvent

TEST = "webhook.test"
_SECRET_BYTES = 32
_MAX_ATTEMPTS = 8
# 5 s, 20 s, 80 s, ..., 5.7 h: some 7.6 hours in all with the default setting.
_BACKOFF = 4


def new_secret() -> str:
    """As Standard Webhooks spell them."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"


class Webhook(Stored):
    """`url` is sent what happens of `events`, signed with `secret`."""

    id: str = Field(default_factory=lambda: str(ULID()))
    url: str
    events: tuple[WebhookEvent, ...]
    secret: str = Field(default_factory=new_secret, repr=False)
    created_at: datetime = Field(default_factory=utc_now)


class DeliveryStatus(StrEnum):
    PENDING = "pending"  # is sent, or sent again at `next_attempt_at`
    DELIVERED = "delivered"  # the receiver has answered 2xx
    FAILED = "failed"  # no further attempt is made


class DeliveryAttempt(Nested):
    """`status` is that of the answer, null if none came; `error` says what went wrong, null if nothing did."""

    at: datetime
    seconds: float
    status: int | None
    error: str | None


class Delivery(Stored):
    """One message to one webhook. `id` is its `webhook-id`, the same in every attempt; `body` the JSON that is sent."""

    id: str
    event: str
    body: str
    created_at: datetime = Field(default_factory=utc_now)
    status: DeliveryStatus = DeliveryStatus.PENDING
    attempts: tuple[DeliveryAttempt, ...] = ()
    next_attempt_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        return self.next_attempt_at is None or self.next_attempt_at <= now

    def after(self, attempt: DeliveryAttempt, retry_seconds: float) -> Self:
        """With one more attempt. A receiver that has gone (410) is not asked again."""
        update: dict[str, Any] = {"attempts": (*self.attempts, attempt), "next_attempt_at": None}
        if attempt.error is None:
            update["status"] = DeliveryStatus.DELIVERED
        elif attempt.status == 410 or len(update["attempts"]) >= _MAX_ATTEMPTS:
            update["status"] = DeliveryStatus.FAILED
        else:
            pause = retry_seconds * _BACKOFF ** len(self.attempts)
            update["next_attempt_at"] = utc_now() + timedelta(seconds=pause)
        return self.model_copy(update=update)


class Notice(Frozen):
    """Something that webhooks are told: `subject` and `at` identify it, `data` is a JSON object."""

    event: str
    subject: str
    at: datetime
    data: dict[str, Any]

    def delivery(self) -> Delivery:
        milliseconds = int(self.at.timestamp() * 1000)
        body = _Message(type=self.event, timestamp=self.at, data=self.data).model_dump_json()
        return Delivery(id=f"msg_{self.subject}_{milliseconds}".replace(".", "-"), event=self.event, body=body)


class _Message(Frozen):
    """The body, as Standard Webhooks recommends it."""

    type: str
    timestamp: datetime
    data: dict[str, Any]


def is_subscribed(webhook: Webhook, event: str) -> bool:
    wanted: Sequence[str] = webhook.events
    return event in wanted
