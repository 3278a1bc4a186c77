"""`/webhooks`: where others are told what happens."""

from http import HTTPStatus

from fastapi import APIRouter, Response

from api import request_bodies
from api.access import ADMIN
from api.dependencies import BodyDep, SettingsDep, StoreDep, SyntaxDep
from api.schemas.webhooks import DeliveryList, DeliveryView, WebhookCreated, WebhookList, WebhookView
from api.webhooks.addresses import ForbiddenAddress, check_host
from api.wire.posted_spec import parse_posted_document
from models_store.webhooks.webhook import Webhook
from specs.errors import SpecError
from specs.problem import Problem, received_value
from specs.webhook import parse_webhook, split_url

router = APIRouter(tags=["webhooks"], dependencies=[ADMIN])


@router.post("/webhooks", status_code=HTTPStatus.CREATED, openapi_extra=request_bodies.WEBHOOK)
def create_webhook(
    body: BodyDep, syntax: SyntaxDep, store: StoreDep, settings: SettingsDep, response: Response
) -> WebhookCreated:
    """Add a webhook: `{"url": "https://example.org/hook"}`. It receives a POST for each event, signed as Standard
    Webhooks describe it, at least once, again for some hours until it answers 2xx.

    The answer has the secret that verifies the signatures. It is never shown again. Hosts with private addresses are
    rejected unless TRAINYARD_WEBHOOK_PRIVATE_ADDRESSES is set.
    """
    wanted = parse_webhook(parse_posted_document(body, syntax, '{"url": "https://example.org/hook"}'))
    try:
        check_host(split_url(wanted.url).hostname or "", settings.webhook_private_addresses)
    except ForbiddenAddress as error:
        raise SpecError([Problem(pointer="/url", detail=str(error), received=received_value(wanted.url))]) from None
    webhook = store.webhooks.create(Webhook(url=wanted.url, events=wanted.events))
    response.headers["Location"] = f"/webhooks/{webhook.id}/deliveries"
    return WebhookCreated.of(webhook)


@router.get("/webhooks")
def list_webhooks(store: StoreDep) -> WebhookList:
    """List all webhooks, without their secrets."""
    outbox = store.webhooks.outbox
    return WebhookList(items=[WebhookView.of(each, outbox.deliveries(each.id)) for each in store.webhooks.list()])


@router.delete("/webhooks/{webhook_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_webhook(webhook_id: str, store: StoreDep) -> None:
    """Delete a webhook, with what still waits to be sent to it."""
    store.webhooks.delete(webhook_id)


@router.post("/webhooks/{webhook_id}:test", status_code=HTTPStatus.ACCEPTED)
def test_webhook(webhook_id: str, store: StoreDep) -> DeliveryView:
    """Send a message of type `webhook.test`; `GET /webhooks/{id}/deliveries` shows its attempts."""
    return DeliveryView.of(store.webhooks.test(webhook_id))


@router.get("/webhooks/{webhook_id}/deliveries")
def list_deliveries(webhook_id: str, store: StoreDep) -> DeliveryList:
    """List what was sent to a webhook and what waits, newest first: attempts, answers, errors."""
    webhook = store.webhooks.get(webhook_id)
    return DeliveryList(items=[DeliveryView.of(each) for each in store.webhooks.outbox.deliveries(webhook.id)])
