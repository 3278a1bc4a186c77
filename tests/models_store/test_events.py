"""What is announced when something in the store changes."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import orjson
import pytest
from redis import Redis

from models_store import keys
from models_store.datasets.claim import ConversionClaim
from models_store.datasets.record import FilesDone
from models_store.evaluations.claim import EvaluationClaim
from models_store.evaluations.record import SamplesDone
from models_store.events import EventLog, ServingChange
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.record import Progress, Record
from models_store.jobs.workers import SEEN_SECONDS, Worker
from models_store.store import Store
from specs.dataset import DATASETS
from specs.evaluation import parse_evaluation
from specs.experiment import ExperimentSpec
from tests.models_store.results import KILLED, point, points
from tests.support.published import publish
from tests.support.valkey import Valkey

Announced = Callable[[], list[tuple[str, Any]]]


@pytest.fixture
def redis(valkey: Valkey) -> Iterator[Redis]:
    with valkey.client() as client:
        yield client


def entries_of(redis: Redis, start: str = "-") -> list[tuple[str, dict[str, str]]]:
    return cast(list[tuple[str, dict[str, str]]], redis.xrange(keys.EVENTS, min=start))


@pytest.fixture
def announced(store: Store, redis: Redis) -> Announced:
    """The events since the last call, as (kind, data). The index is complete."""
    assert store.reconciler.sweep()
    last = "-"

    def read() -> list[tuple[str, Any]]:
        nonlocal last
        entries = entries_of(redis, last)
        last = f"({entries[-1][0]}" if entries else last
        return [(fields["kind"], orjson.loads(fields["data"])) for _, fields in entries]

    assert read() == [("reset", {"experiment_id": None})]
    return read


def test_every_change_of_a_record_is_announced(store: Store, announced: Announced, queued: Record) -> None:
    claim = TrainingClaim.acquire(store.training_jobs, queued.id, worker="first")
    assert claim is not None
    store.experiments.cancel(queued.id)
    claim.cancel()
    store.experiments.delete(queued.id)

    *changes, deleted = announced()
    assert [(kind, data["status"], data["version"]) for kind, data in changes] == [
        ("status", "queued", 0),
        ("status", "running", 1),
        ("status", "running", 2),
        ("status", "cancelled", 3),
    ]
    assert deleted == ("deleted", {"experiment_id": queued.id})


def test_progress_and_epochs_are_announced(announced: Announced, claim: TrainingClaim) -> None:
    announced()
    claim.show(Progress(phase="training", step=3))
    claim.append(point(0))
    (progress, epoch) = announced()

    shown = Progress(phase="training", step=3).model_dump()
    assert progress == ("progress", {"experiment_id": claim.id, "progress": shown})
    assert epoch == ("epoch", {"experiment_id": claim.id, **point(0).model_dump()})


def test_continued_history_is_to_be_read_again(announced: Announced, claim: TrainingClaim) -> None:
    claim.begin_history(())
    claim.append(point(0))
    claim.append(point(1))
    first = [kind for kind, _ in announced()]
    claim.begin_history(points(1))

    assert "reset" not in first
    assert announced() == [("reset", {"experiment_id": claim.id})]


def test_rebuilt_index_is_one_reset(
    store: Store, announced: Announced, succeed: Callable[..., Record], redis: Redis
) -> None:
    for _ in range(3):
        succeed()
    redis.flushall()
    assert store.reconciler.sweep()

    assert [fields["kind"] for _, fields in entries_of(redis)] == ["reset"]


def test_datasets_are_announced(store: Store, announced: Announced) -> None:
    with store.datasets.receive_archive() as archive:
        archive.write(b"PK")
        store.datasets.add("flowers", archive)
    claim = ConversionClaim.acquire(store.conversion_jobs, "flowers", worker="first")
    assert claim is not None
    claim.show(FilesDone(done=1, total=2))
    store.datasets.delete("flowers", lambda _: [])

    changes = announced()
    assert {kind for kind, _ in changes} == {"dataset"}
    assert [(data["status"], data["progress"]) for _, data in changes] == [
        ("queued", None),
        ("converting", {"done": 0, "total": None}),
        ("converting", {"done": 1, "total": 2}),
        ("deleted", None),
    ]


def test_evaluations_are_announced(
    store: Store, announced: Announced, tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    record = publish(store, tiny_spec())
    announced()
    store.evaluations.add(record.id, parse_evaluation({"dataset": "mnist"}, DATASETS))
    claim = EvaluationClaim.acquire(store.evaluation_jobs, record.id, "mnist", worker="first")
    assert claim is not None
    claim.show(SamplesDone(done=1, total=2))
    claim.fail(KILLED)

    changes = announced()
    assert {(kind, data["experiment_id"], data["dataset"]) for kind, data in changes} == {
        ("evaluation", record.id, "mnist")
    }
    assert [data["status"] for _, data in changes] == ["queued", "running", "running", "failed"]


def test_workers_are_announced(store: Store, announced: Announced, redis: Redis) -> None:
    worker = Worker(name="a:1", hostname="a", pid=1)
    store.workers.beat(worker)
    store.workers.beat(worker)
    store.workers.beat(worker.model_copy(update={"hostname": "b"}))
    store.workers.leave("a:1")
    store.workers.leave("a:1")
    silent = Worker(name="b:1", hostname="b", pid=1, seen_at=redis.time()[0] - SEEN_SECONDS - 1)
    redis.hset(keys.WORKERS, "b:1", silent.model_dump_json())
    assert store.workers.alive() == []

    changes = [(data["name"], data["state"]) for _, data in announced()]
    assert changes == [("a:1", "joined"), ("a:1", "changed"), ("a:1", "left"), ("b:1", "left")]


def test_replicas_announce_a_model_once(store: Store, announced: Announced, reopened: Callable[[], Store]) -> None:
    best = ServingChange(dataset="digits", experiment_id="A", policy="best")
    other = reopened()
    for change in (best, best.model_copy(update={"policy": "pinned"})):
        for each in (store, other, store):
            each.models.announce(change)

    assert [(kind, data["policy"]) for kind, data in announced()] == [("serving", "best"), ("serving", "pinned")]


def test_missed_events_are_a_reset(own_valkey: Valkey, own_store: Store) -> None:
    log = EventLog(own_store.redis)
    own_valkey.kill()
    change = ServingChange(dataset="digits", experiment_id="A", policy="best")
    log.add("serving", change)
    own_valkey.restart()
    log.add("serving", change)
    log.repair()

    with own_valkey.client() as client:
        assert [fields["kind"] for _, fields in entries_of(client)] == ["reset", "serving"]
