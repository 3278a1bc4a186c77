"""What is prepared for webhooks when something ends, whatever is killed."""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from models_store.errors import StorageFull
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.places import TrialId
from models_store.experiments.record import Record, Status
from models_store.frozen import utc_now
from models_store.models.promotions import Promotion
from models_store.store import Store
from models_store.sweeps.record import SweepRecord, SweepStatus
from models_store.webhooks import outbox
from models_store.webhooks.webhook import Delivery, DeliveryAttempt, DeliveryStatus, Notice, Webhook
from specs.webhook import WebhookEvent
from tests.models_store.conftest import MakeSpec
from tests.models_store.results import KILLED
from tests.worker.sweeps.trainings import grid_of

EVERYTHING: tuple[WebhookEvent, ...] = (
    "experiment.succeeded",
    "experiment.failed",
    "experiment.cancelled",
    "model.promoted",
    "sweep.ended",
)


@pytest.fixture
def webhook(store: Store) -> Webhook:
    return store.webhooks.create(Webhook(url="https://example.org/hook", events=EVERYTHING))


def told(store: Store, webhook: Webhook) -> list[tuple[str, Any]]:
    bodies = [orjson.loads(each.body) for each in store.webhooks.outbox.pending(webhook.id)]
    return [(each["type"], each["data"].get("id") or each["data"].get("dataset")) for each in bodies]


def fail(store: Store, record: Record) -> Record:
    claim = TrainingClaim.acquire(store.training_jobs, record.id, worker="worker")
    assert claim is not None
    return claim.fail(KILLED)


def test_every_end_is_told_once(
    store: Store, webhook: Webhook, tiny_spec: MakeSpec, succeed: Callable[..., Record]
) -> None:
    succeeded, cancelled = succeed(), store.experiments.create(tiny_spec())
    failed = fail(store, store.experiments.create(tiny_spec()))
    store.experiments.cancel(cancelled.id)
    for each in (succeeded, cancelled, failed):
        store.experiments.edit(each.id, {"star": True})
    assert told(store, webhook) == [
        ("experiment.succeeded", succeeded.id),
        ("experiment.failed", failed.id),
        ("experiment.cancelled", cancelled.id),
    ]


@pytest.mark.parametrize(("is_hidden", "accuracy"), [(False, 0.25), (True, None)])
def test_hidden_test_results_are_not_told(
    store: Store, webhook: Webhook, succeed: Callable[..., Record], is_hidden: bool, accuracy: float | None
) -> None:
    if is_hidden:
        store.datasets.hide_test("digits")
    succeed()
    [delivery] = store.webhooks.outbox.pending(webhook.id)
    assert orjson.loads(delivery.body)["data"]["metrics"].get("test_accuracy") == accuracy


def test_second_end_is_another_one(store: Store, webhook: Webhook, queued: Record) -> None:
    fail(store, queued)
    store.experiments.retry(queued.id)
    fail(store, queued)
    first, second = store.webhooks.outbox.pending(webhook.id)
    assert first.id != second.id


def test_only_what_is_subscribed_to_is_told(store: Store, queued: Record) -> None:
    webhook = store.webhooks.create(Webhook(url="https://example.org", events=("sweep.ended",)))
    store.experiments.cancel(queued.id)
    assert told(store, webhook) == []


def test_trials_are_told_by_their_sweep(
    store: Store, webhook: Webhook, tiny_spec: MakeSpec, tiny_document: dict[str, Any]
) -> None:
    sweep = store.sweeps.create(grid_of(tiny_document, [16]))
    store.experiments.create(tiny_spec(), place=TrialId(sweep.id, 0, sweep.id))
    store.experiments.cancel(sweep.id)
    with store.sweeps.lock(sweep.id) as record:
        ended = store.sweeps.write(record.end(SweepStatus.CANCELLED))
    with store.sweeps.lock(sweep.id) as record:
        assert isinstance(record, SweepRecord)
        store.sweeps.write(record.replace(version=record.version + 1))
    assert ended.has_ended
    assert told(store, webhook) == [("sweep.ended", sweep.id)]


def test_promotion_is_told_once(store: Store, webhook: Webhook) -> None:
    for _ in range(2):
        store.models.record_promotion(Promotion(dataset="digits", reason="best", experiment_id="a"))
    store.models.record_promotion(Promotion(dataset="digits", reason="none", experiment_id=None))
    assert told(store, webhook) == [("model.promoted", "digits")]


# -- kills -----------------------------------------------------------------------------------------------------------


def expire(store: Store, webhook: Webhook) -> None:
    """As if the writers of what is prepared had died a while ago."""
    for path in (store.webhooks.outbox.folder / webhook.id / "pending").glob("*.prepared"):
        os.utime(path, (time.time() - 3600,) * 2)


@pytest.mark.parametrize("is_written", [True, False])
def test_killed_writer_tells_what_is_on_disk(
    store: Store, webhook: Webhook, queued: Record, monkeypatch: pytest.MonkeyPatch, is_written: bool
) -> None:
    """Killed just before the record, or just after it."""
    real = Path.rename

    def die(*_: object) -> None:
        raise SystemExit

    if is_written:
        monkeypatch.setattr(Path, "rename", die)
    else:
        monkeypatch.setattr("models_store.experiments.store.write_atomic", die)
    with pytest.raises(SystemExit):
        store.experiments.cancel(queued.id)
    monkeypatch.undo()
    assert Path.rename is real
    assert (store.experiments.read(queued.id).status is Status.CANCELLED) == is_written

    store.webhooks.outbox.settle_doubtful(webhook.id, store.has_happened)
    assert told(store, webhook) == [], "it may still be about to be written"
    expire(store, webhook)
    store.webhooks.outbox.settle_doubtful(webhook.id, store.has_happened)
    assert told(store, webhook) == ([("experiment.cancelled", queued.id)] if is_written else [])
    assert list((store.webhooks.outbox.folder / webhook.id / "pending").glob("*.prepared")) == []


def test_sender_killed_halfway_is_completed(store: Store, webhook: Webhook) -> None:
    delivery = store.webhooks.test(webhook.id)
    pending = store.webhooks.outbox.folder / webhook.id / "pending" / f"{delivery.id}.json"
    content = pending.read_bytes()
    attempt = DeliveryAttempt(at=utc_now(), seconds=0.1, status=204, error=None)
    store.webhooks.outbox.record(webhook.id, delivery.after(attempt, 5.0))
    pending.write_bytes(content)
    assert store.webhooks.outbox.has_ended(webhook.id, delivery)
    assert not pending.exists()
    [listed] = store.webhooks.outbox.deliveries(webhook.id)
    assert listed.status is DeliveryStatus.DELIVERED


def test_full_disk_lets_an_experiment_end(
    store: Store, webhook: Webhook, queued: Record, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> bool:
        raise StorageFull("disk full")

    monkeypatch.setattr("models_store.webhooks.outbox.create_exclusive", full)
    assert store.experiments.cancel(queued.id).status is Status.CANCELLED
    assert "experiment.cancelled" in caplog.text
    assert told(store, webhook) == []


# -- bounds ----------------------------------------------------------------------------------------------------------


def test_pauses_grow_until_it_fails(store: Store, webhook: Webhook) -> None:
    delivery = store.webhooks.test(webhook.id)
    pauses = []
    while delivery.status is DeliveryStatus.PENDING:
        attempt = DeliveryAttempt(at=utc_now(), seconds=0.1, status=500, error="answered 500")
        delivery = delivery.after(attempt, 5.0)
        if delivery.next_attempt_at is not None:
            pauses.append(round((delivery.next_attempt_at - utc_now()) / timedelta(seconds=1)))
    assert pauses == [5, 20, 80, 320, 1280, 5120, 20480]
    assert (delivery.status, len(delivery.attempts)) == (DeliveryStatus.FAILED, 8)


def test_last_hundred_are_kept(store: Store, webhook: Webhook) -> None:
    outbox = store.webhooks.outbox
    for number in range(105):
        notice = Notice(event="webhook.test", subject=f"{number:03}", at=utc_now(), data={})
        delivery = outbox.add(webhook.id, notice)
        attempt = DeliveryAttempt(at=utc_now(), seconds=0.1, status=204, error=None)
        outbox.record(webhook.id, delivery.after(attempt, 5.0))
    listed = outbox.deliveries(webhook.id)
    assert len(listed) == 100
    assert "_104_" in listed[0].id


def test_delivery_that_ends_meanwhile_is_listed(
    store: Store, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = store.webhooks.test(webhook.id)
    read_all, read = outbox._read_all, list[str]()

    def end_after_the_first(folder: Path) -> list[Delivery]:
        found = read_all(folder)
        read.append(folder.name)
        if len(read) == 1:
            ended = sent.model_copy(update={"status": DeliveryStatus.DELIVERED})
            store.webhooks.outbox.record(webhook.id, ended)
        return found

    monkeypatch.setattr(outbox, "_read_all", end_after_the_first)
    [listed] = store.webhooks.outbox.deliveries(webhook.id)
    assert (listed.id, listed.status) == (sent.id, DeliveryStatus.DELIVERED)


def test_damaged_webhook_is_left_out(store: Store, webhook: Webhook, caplog: pytest.LogCaptureFixture) -> None:
    file = store.webhooks.outbox.folder / webhook.id / "webhook.json"
    file.write_bytes(file.read_bytes()[:-9])
    assert store.webhooks.list() == []
    assert f"webhook {webhook.id} does not parse" in caplog.text
    assert webhook.secret not in caplog.text
    store.webhooks.delete(webhook.id)
