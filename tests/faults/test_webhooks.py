"""Kill what sends webhooks, and what they tell of."""

from collections.abc import Callable
from typing import Any

from standardwebhooks import Webhook as Verifier

from tests.support.receiver import Receiver
from tests.support.service import Service
from tests.support.waiting import eventually


def test_killed_sender_sends_again(make_service: Callable[..., Service], tiny_document: dict[str, Any]) -> None:
    """Killed while the receiver has the message and has not answered: the next process sends the same one."""
    service = make_service(webhook_private_addresses=True, webhook_retry_seconds=0.1)
    service.start_api()
    with Receiver() as receiver:
        hook = service.ask("POST", "/webhooks", json={"url": receiver.url}).json()
        receiver.hold.clear()
        service.ask("POST", f"/webhooks/{hook['id']}:test")
        eventually(lambda: receiver.received)
        service.kill(service.apis[-1])
        receiver.hold.set()

        service.start_api()

        eventually(lambda: len(receiver.received) >= 2)
        assert len({each.id for each in receiver.received}) == 1
        for each in receiver.received:
            Verifier(hook["secret"]).verify(each.body, each.headers)
        assert hook["secret"] not in service.log_text()


def test_killed_trainer_is_told_as_failed(make_service: Callable[..., Service], slow_document: dict[str, Any]) -> None:
    """By a worker, while no API runs that could send it; the next one does."""
    service = make_service(webhook_private_addresses=True, max_attempts=1)
    api = service.start_api()
    with Receiver() as receiver:
        service.ask("POST", "/webhooks", json={"url": receiver.url, "events": ["experiment.failed"]})
        worker = service.start_worker(warm=False)
        experiment_id = service.post(slow_document)
        service.wait_for_epochs(experiment_id, 1)
        service.kill(api)
        service.busy_trainer(worker).kill()
        eventually(lambda: list(service.store.glob("webhooks/*/pending/*.json")))

        service.start_api()

        eventually(lambda: receiver.received)
        [received] = receiver.received
        assert (received.message["type"], received.message["data"]["id"]) == ("experiment.failed", experiment_id)
        assert received.message["data"]["error"]["type"] == "killed"
