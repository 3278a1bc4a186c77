"""Deliveries over HTTP to a real receiver."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from api.webhooks.deliverer import Deliverer
from api.webhooks.sender import Sender
from models_store.store import Store
from models_store.webhooks.webhook import Delivery, DeliveryStatus, Webhook
from tests.support.receiver import DrippingReceiver, Receiver
from tests.support.valkey import free_port
from tests.support.waiting import eventually

MakeDeliverer = Callable[..., Deliverer]


@pytest.fixture
def make_deliverer(store: Store) -> Iterator[MakeDeliverer]:
    made = []

    def make(**options: Any) -> Deliverer:
        made.append(Deliverer(store, Sender(**{"allow_private": True, **options}), retry_seconds=0.01))
        return made[-1]

    yield make
    for each in made:
        each.close()


def webhook_at(store: Store, url: str) -> Webhook:
    return store.webhooks.create(Webhook(url=url, events=("experiment.succeeded",)))


def deliver(store: Store, deliverer: Deliverer, webhook: Webhook, until: Callable[[Delivery], bool]) -> Delivery:
    def delivered() -> Delivery | None:
        deliverer.deliver()
        [found] = store.webhooks.outbox.deliveries(webhook.id)
        return found if until(found) else None

    found = eventually(delivered)
    assert found is not None
    return found


def has_ended(delivery: Delivery) -> bool:
    return delivery.status is not DeliveryStatus.PENDING


def test_message_is_signed(store: Store, make_deliverer: MakeDeliverer) -> None:
    with Receiver() as receiver:
        webhook = webhook_at(store, receiver.url)
        sent = store.webhooks.test(webhook.id)
        delivered = deliver(store, make_deliverer(), webhook, has_ended)

        [received] = receiver.received
        assert (delivered.status, [each.status for each in delivered.attempts]) == (DeliveryStatus.DELIVERED, [204])
        assert received.headers[":path"] == "/hook?token=1"
        assert received.headers["host"] == f"127.0.0.1:{receiver.port}"
        assert (received.id, received.headers["content-type"]) == (sent.id, "application/json")
        verified = Verifier(webhook.secret).verify(received.body, received.headers)
        assert verified["type"] == "webhook.test"
        assert verified["data"] == {"webhook_id": webhook.id}
        with pytest.raises(WebhookVerificationError):
            Verifier(webhook.secret).verify(received.body + b" ", received.headers)


@pytest.mark.parametrize("status", [500, 503, 404, 302])
def test_rejected_message_is_sent_again(store: Store, make_deliverer: MakeDeliverer, status: int) -> None:
    with Receiver(status, status, 200) as receiver:
        webhook = webhook_at(store, receiver.url)
        sent = store.webhooks.test(webhook.id)
        delivered = deliver(store, make_deliverer(), webhook, has_ended)

        assert [each.status for each in delivered.attempts] == [status, status, 200]
        assert delivered.attempts[0].error == f"answered {status}"
        assert {each.id for each in receiver.received} == {sent.id}
        assert {each.headers[":path"] for each in receiver.received} == {"/hook?token=1"}, "no redirect"
        for each in receiver.received:
            Verifier(webhook.secret).verify(each.body, each.headers)


def test_receiver_that_was_down_gets_the_message(store: Store, make_deliverer: MakeDeliverer) -> None:
    port = free_port()
    webhook = webhook_at(store, f"http://127.0.0.1:{port}/")
    store.webhooks.test(webhook.id)
    deliverer = make_deliverer()
    waiting = deliver(store, deliverer, webhook, lambda each: len(each.attempts) > 0)
    assert waiting.attempts[0].error is not None
    assert waiting.attempts[0].error.startswith("ConnectError")
    with Receiver(port=port) as receiver:
        delivered = deliver(store, deliverer, webhook, has_ended)
        assert delivered.status is DeliveryStatus.DELIVERED
        assert len(receiver.received) == 1


def test_receiver_that_has_gone_is_not_asked_again(store: Store, make_deliverer: MakeDeliverer) -> None:
    with Receiver(410) as receiver:
        webhook = webhook_at(store, receiver.url)
        store.webhooks.test(webhook.id)
        ended = deliver(store, make_deliverer(), webhook, has_ended)
        assert (ended.status, len(receiver.received)) == (DeliveryStatus.FAILED, 1)


def test_private_address_is_not_connected_to(store: Store, make_deliverer: MakeDeliverer) -> None:
    with Receiver() as receiver:
        webhook = webhook_at(store, receiver.url.replace("127.0.0.1", "localhost"))
        store.webhooks.test(webhook.id)
        waiting = deliver(store, make_deliverer(allow_private=False), webhook, lambda each: len(each.attempts) > 0)
        assert "which is not public" in (waiting.attempts[0].error or "")
        assert receiver.received == []


def test_two_processes_send_once(store: Store, make_deliverer: MakeDeliverer) -> None:
    first, second = make_deliverer(), make_deliverer()
    with Receiver() as receiver:
        webhook = webhook_at(store, receiver.url)
        store.webhooks.test(webhook.id)
        receiver.hold.clear()
        first.deliver()
        eventually(lambda: receiver.received)
        second.deliver()
        second.close()
        receiver.hold.set()
        deliver(store, first, webhook, has_ended)
        assert len(receiver.received) == 1


def test_silent_receiver_holds_up_no_other(store: Store, make_deliverer: MakeDeliverer) -> None:
    deliverer = make_deliverer()
    with Receiver() as silent, Receiver() as receiver:
        silent.hold.clear()
        for each in (silent, receiver):
            store.webhooks.test(webhook_at(store, each.url).id)
        deliverer.deliver()
        eventually(lambda: silent.received and receiver.received)
        other = store.webhooks.list()[1]
        deliver(store, deliverer, other, has_ended)


def test_answer_byte_by_byte_ends_at_the_deadline(store: Store, make_deliverer: MakeDeliverer) -> None:
    """Each byte comes in time; without a deadline for all of them the attempt would have no end."""
    deliverer = make_deliverer(deadline_seconds=1.0)
    with DrippingReceiver() as dripping:
        webhook = webhook_at(store, dripping.url)
        store.webhooks.test(webhook.id)
        waiting = deliver(store, deliverer, webhook, lambda each: len(each.attempts) > 0)
        assert waiting.attempts[0].error == "Timeout: received no complete answer within 1 s"


def test_webhook_deleted_while_it_is_sent_to(
    store: Store, make_deliverer: MakeDeliverer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    deliverer = make_deliverer()
    with Receiver() as receiver:
        webhook = webhook_at(store, receiver.url)
        store.webhooks.test(webhook.id)
        receiver.hold.clear()
        deliverer.deliver()
        eventually(lambda: receiver.received)
        store.webhooks.delete(webhook.id)
        receiver.hold.set()
        deliverer.close()
    assert store.webhooks.list() == []
    assert not (store.webhooks.outbox.folder / webhook.id).exists()
    assert webhook.secret not in caplog.text
    assert "token" not in caplog.text
