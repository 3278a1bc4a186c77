"""Test results that leave the store: counted, or withheld."""

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from models_store import keys
from models_store.errors import NotFound, ResultsHidden
from models_store.event_feed import Event, Position
from models_store.experiments.pages import Query
from models_store.store import Store, open_store
from specs.experiment import ExperimentSpec
from tests.support.feeds import RunningFeed, with_feed
from tests.support.published import publish
from tests.support.store import LEASE_SECONDS
from tests.support.valkey import Valkey

MakeSpec = Callable[..., ExperimentSpec]


def test_looks_are_shown_in_records_and_lists(store: Store, tiny_spec: MakeSpec) -> None:
    store.reconciler.sweep()
    looked, other = publish(store, tiny_spec()), publish(store, tiny_spec())
    assert store.summaries.snapshot().rows[0].summary.peeks == 0

    store.experiments.evaluation(looked.id, "validation")
    assert store.experiments.get(looked.id).peeks == 0
    store.experiments.evaluation(looked.id, "test")
    store.experiments.predictions(looked.id, "test")
    store.experiments.evaluations(looked.id)

    assert [store.experiments.get(each.id).peeks for each in (looked, other)] == [1, 0]
    assert [each.peeks for each in store.experiments.page(Query(sort="created_at")).items] == [1, 0]
    assert [row.summary.peeks for row in store.summaries.snapshot().rows] == [1, 0]


def test_looks_outlast_redis_and_the_experiment(
    store: Store, tiny_spec: MakeSpec, tmp_path: Path, valkey: Valkey
) -> None:
    record = publish(store, tiny_spec())
    store.experiments.evaluation(record.id)
    store.redis.flushall()
    store.reconciler.sweep()

    again = open_store(tmp_path / "store", valkey.url, LEASE_SECONDS, max_attempts=3, role="test")
    assert again.experiments.get(record.id).peeks == 1
    store.experiments.delete(record.id)
    assert again.experiments.holdout.peeks.of("digits").total == 1
    again.close()


def test_record_on_disk_keeps_what_is_hidden(store: Store, tiny_spec: MakeSpec) -> None:
    record = publish(store, tiny_spec())
    store.datasets.hide_test("digits")

    shown = store.experiments.edit(record.id, {"star": True})
    assert (shown.test_metrics, shown.test_hidden, shown.star) == ({}, True, True)
    assert store.experiments.read(record.id).test_metrics == record.test_metrics
    with pytest.raises(ResultsHidden, match="hidden until POST /datasets/digits:reveal"):
        store.experiments.evaluation(record.id)
    assert set(store.experiments.evaluations(record.id)) == {"training", "validation"}

    store.datasets.reveal_test("digits")
    shown = store.experiments.get(record.id)
    assert (shown.test_metrics, shown.test_hidden) == (record.test_metrics, False)
    assert store.experiments.evaluation(record.id).split == "test"


def test_summaries_follow_without_an_event(store: Store, tiny_spec: MakeSpec) -> None:
    store.reconciler.sweep()
    publish(store, tiny_spec())
    before = store.summaries.snapshot()
    assert before.rows[0].summary.metrics["test_accuracy"] == 0.8

    store.experiments.holdout.hidden.hide("digits")  # and a kill before it is announced

    after = store.summaries.snapshot()
    assert "test_accuracy" not in after.rows[0].summary.metrics
    assert after.position != before.position


def test_events_of_the_past_withhold_what_is_hidden(store: Store, tiny_spec: MakeSpec, valkey: Valkey) -> None:
    store.reconciler.sweep()
    with valkey.client() as client:
        position = Position.parse(client.xrevrange(keys.EVENTS, count=1)[0][0])

    async def read(feed: RunningFeed) -> list[Event]:
        follower = feed.follow(position)
        events = [await follower.next()]
        while events[-1].kind != "status" or '"succeeded"' not in events[-1].data:
            events.append(await follower.next())
        return events

    async def play(feed: RunningFeed) -> tuple[list[Event], list[Event]]:
        publish(store, tiny_spec())
        before = await read(feed)
        store.datasets.hide_test("digits")
        return before, await read(feed)

    before, after = with_feed(store, play)

    assert orjson.loads(before[-1].data)["metrics"]["test_accuracy"] == 0.8
    summary = orjson.loads(after[-1].data)
    assert (summary["test_hidden"], summary["metrics"]["val_accuracy"]) == (True, 0.9)
    assert not any("test_accuracy" in event.data for event in after)


def test_change_tells_clients_to_read_again(store: Store) -> None:
    async def play(feed: RunningFeed) -> list[Event]:
        follower = feed.follow()
        await follower.next()
        store.datasets.hide_test("digits")
        store.datasets.hide_test("digits")
        store.datasets.reveal_test("digits")
        return [await follower.next(), await follower.next()]

    assert [event.kind for event in with_feed(store, play)] == ["reset", "reset"]


def test_unknown_dataset_cannot_be_hidden(store: Store) -> None:
    for change in (store.datasets.hide_test, store.datasets.reveal_test):
        with pytest.raises(NotFound, match="GET /datasets lists all"):
            change("nowhere")
    assert not (store.datasets.datasets / ".locks" / "nowhere").exists()
