"""Webhooks: add, list, delete, test."""

from collections.abc import Sequence

from trainyard.answers.base import ItemList
from trainyard.answers.webhooks import Delivery, NewWebhook, Webhook
from trainyard.operations.operation import Operation, read_as, read_nothing, segment


def add_webhook(url: str, events: Sequence[str] | None = None) -> Operation[NewWebhook]:
    """Have `url` told what happens; `events` are "experiment.succeeded", "experiment.failed", "experiment.cancelled",
    "model.promoted" and "sweep.ended", by default all but the cancelled ones. Keep the `secret` of the answer."""
    body = {"url": url, **({} if events is None else {"events": list(events)})}
    return Operation("POST", "/webhooks", read_as(NewWebhook), json=body)


def webhooks() -> Operation[ItemList[Webhook]]:
    """All webhooks, without their secrets."""
    return Operation("GET", "/webhooks", read_as(ItemList[Webhook]))


def delete_webhook(webhook_id: str) -> Operation[None]:
    """Delete a webhook, with what still waits to be sent to it."""
    return Operation("DELETE", f"/webhooks/{segment(webhook_id)}", read_nothing)


def test_webhook(webhook_id: str) -> Operation[Delivery]:
    """Send a message of type `webhook.test`."""
    return Operation("POST", f"/webhooks/{segment(webhook_id)}:test", read_as(Delivery))


def deliveries(webhook_id: str) -> Operation[ItemList[Delivery]]:
    """What was sent to a webhook and what waits, newest first."""
    return Operation("GET", f"/webhooks/{segment(webhook_id)}/deliveries", read_as(ItemList[Delivery]))
