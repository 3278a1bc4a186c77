from collections.abc import Callable
from typing import Any

import pytest

from analysis.queue_times import QueueTimes, estimate_queue
from models_store.experiments.record import Progress, Record
from models_store.store import Store
from specs.experiment import ExperimentSpec

Make = Callable[..., Record]
MINUTE = 60.0


@pytest.fixture
def make(store: Store, tiny_spec: Callable[..., ExperimentSpec]) -> Make:
    """A record; it runs if it has a `worker`."""

    def make(worker: str | None = None, progress: Progress | None = None, **training: Any) -> Record:
        record = store.experiments.create(tiny_spec(**training))
        return record.claim(worker).replace(progress=progress) if worker else record

    return make


def training(eta_seconds: float | None) -> Progress:
    return Progress(phase="training", eta_seconds=eta_seconds)


def a_minute(_: Record) -> float:
    return MINUTE


def unknown(_: Record) -> None:
    return None


def test_waiting_starts_as_workers_become_free(make: Make) -> None:
    running = [make("a", training(10.0)), make("b", training(25.0))]
    waiting = [make() for _ in range(3)]
    times = estimate_queue(running, waiting, ["a", "b"], a_minute)
    assert [times[each.id] for each in running] == [QueueTimes(0, 10), QueueTimes(0, 25)]
    assert [times[each.id] for each in waiting] == [QueueTimes(10, 70), QueueTimes(25, 85), QueueTimes(70, 130)]


def test_idle_worker_starts_at_once(make: Make) -> None:
    running, first, second = make("a", training(10.0)), make(), make()
    times = estimate_queue([running], [first, second], ["a", "b"], a_minute)
    assert (times[first.id], times[second.id]) == (QueueTimes(0, 60), QueueTimes(10, 70))


def test_worker_that_converts_is_not_free(make: Make) -> None:
    running, first, second = make("a", training(10.0)), make(), make()
    times = estimate_queue([running], [first, second], ["a", "b"], a_minute, busy=["b"])
    assert (times[first.id], times[second.id]) == (QueueTimes(10, 70), QueueTimes(70, 130))
    assert estimate_queue([], [first], ["b"], a_minute, busy=["b"]) == {}


def test_nothing_is_known_without_a_worker(make: Make) -> None:
    assert estimate_queue([], [make()], [], a_minute) == {}


def test_worker_that_is_gone_starts_nothing(make: Make) -> None:
    lost, waiting = make("gone", training(10.0)), make()
    assert waiting.id not in estimate_queue([lost], [waiting], [], a_minute)


@pytest.mark.parametrize(
    ("progress", "left"),
    [
        (None, MINUTE),
        (Progress(phase="starting"), MINUTE),
        (training(None), MINUTE),
        (training(0.5), 0.5),
        (Progress(phase="evaluating"), 0.0),
        (Progress(phase="exporting"), 0.0),
        (training(1e6), 120.0),
    ],
)
def test_remaining_time_is_that_of_the_progress(make: Make, progress: Progress | None, left: float) -> None:
    running = make("a", progress, max_minutes=2)
    assert estimate_queue([running], [], ["a"], a_minute)[running.id] == QueueTimes(0, left)


def test_unknown_duration_hides_what_follows_it(make: Make) -> None:
    first, second = make(), make()
    times = estimate_queue([], [first, second], ["a"], unknown)
    assert times == {first.id: QueueTimes(0, None)}
    running = make("a")
    assert estimate_queue([running], [first], ["a"], unknown) == {running.id: QueueTimes(0, None)}
