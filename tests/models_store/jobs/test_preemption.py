"""Which trainings give way to which."""

from datetime import UTC, datetime, timedelta

import pytest

from models_store.experiments.claim import TrainingClaim
from models_store.experiments.needs import Needs
from models_store.experiments.record import Record
from models_store.jobs.failure import Failure
from models_store.jobs.preemption import Running, Waiting, plan_preemption
from models_store.jobs.workers import Device, MemoryUse, Worker
from models_store.store import Store
from tests.models_store.conftest import MakeSpec

START = datetime(2026, 12, 1, tzinfo=UTC)


def worker(name: str, gigabytes: int = 8) -> Worker:
    memory = MemoryUse(used_bytes=0, total_bytes=gigabytes * 10**9)
    return Worker(name=name, hostname=name, pid=1, device=Device(kind="gpu", name="A2", memory=memory))


def waiting(priority: int, owner: str | None = None, gigabytes: int = 0) -> Waiting:
    return Waiting(owner, priority, Needs(memory_bytes=gigabytes * 10**9))


def running(name: str, priority: int = 0, owner: str | None = None, minutes: int = 0, **state: bool) -> Running:
    """On the worker of the same name."""
    return Running(name, owner, priority, name, START + timedelta(minutes=minutes), **state)


TWO = [worker("a"), worker("b")]


@pytest.mark.parametrize(
    ("waits", "runs", "plan"),
    [
        ([waiting(1)], [running("a"), running("b")], {"a": 1}),
        ([waiting(0)], [running("a"), running("b")], {}),
        ([waiting(-1)], [running("a"), running("b")], {}),
        ([waiting(5)], [running("a", 3), running("b", -2)], {"b": 5}),
        ([waiting(5)], [running("a", minutes=1), running("b")], {"a": 5}),
        ([waiting(5)], [running("a", minutes=1), running("b", gives_way=True)], {"b": 5}),
        ([waiting(5), waiting(2)], [running("a", 3), running("b")], {"b": 5}),
        ([waiting(5), waiting(4)], [running("a", 3), running("b")], {"b": 5, "a": 4}),
        ([waiting(5), waiting(5), waiting(5)], [running("a"), running("b")], {"a": 5, "b": 5}),
        ([waiting(5)], [running("a")], {}),
        ([waiting(5), waiting(5)], [running("a")], {"a": 5}),
        ([waiting(5)], [running("a", is_ending=True), running("b")], {}),
        ([waiting(5)], [running("a"), running("b"), running("gone", -9)], {"a": 5}),
    ],
)
def test_lowest_gives_way_and_no_more_than_needed(
    waits: list[Waiting], runs: list[Running], plan: dict[str, int]
) -> None:
    assert plan_preemption(waits, runs, TWO) == plan


def test_priority_does_not_count_across_owners() -> None:
    runs = [running("a", owner="ann"), running("b", owner="bob")]
    assert plan_preemption([waiting(9, "ann")], runs, TWO) == {"a": 9}
    assert plan_preemption([waiting(9, "cem")], runs, TWO) == {}
    # Bob's worker would go to Cem, whose turn it is.
    assert plan_preemption([waiting(0, "cem"), waiting(9, "bob")], runs, TWO) == {}


def test_worker_that_is_too_small_is_left_alone() -> None:
    workers = [worker("small", 8), worker("large", 24)]
    runs = [running("small", -5), running("large")]
    assert plan_preemption([waiting(5, gigabytes=16)], runs, workers) == {"large": 5}
    # What no machine can train keeps nobody waiting.
    assert plan_preemption([waiting(9, gigabytes=80), waiting(5)], runs, workers) == {"small": 5}


@pytest.fixture
def low(store: Store, tiny_spec: MakeSpec) -> TrainingClaim:
    """The one that runs, on the only worker."""
    assert store.reconciler.sweep()
    store.workers.beat(worker("a"))
    claim = TrainingClaim.acquire(store.training_jobs, store.experiments.create(tiny_spec()).id, worker="a")
    assert claim is not None
    return claim


def read(store: Store, claim: TrainingClaim) -> Record:
    return store.experiments.read(claim.id)


def test_mark_is_withdrawn_when_nobody_needs_it(store: Store, low: TrainingClaim, tiny_spec: MakeSpec) -> None:
    urgent = store.experiments.create(tiny_spec(), priority=7)
    store.preemption.update()
    assert read(store, low).preempted_by_priority == 7
    version = read(store, low).version
    store.preemption.update()
    assert read(store, low).version == version, "once is enough"
    low.check()
    assert low.record.preempted_by_priority == 7
    store.experiments.cancel(urgent.id)
    store.preemption.update()
    assert read(store, low).preempted_by_priority is None


def test_what_gave_way_keeps_place_and_attempts(store: Store, low: TrainingClaim, tiny_spec: MakeSpec) -> None:
    urgent = store.experiments.create(tiny_spec(), priority=7)
    later = store.experiments.create(tiny_spec())
    store.preemption.update()
    low.check()
    returned = low.give_back()
    assert (returned.interruptions, returned.preempted_by_priority) == (1, 7)
    assert store.experiments.waiting.ids() == [urgent.id, low.id, later.id]
    store.preemption.update()
    again = TrainingClaim.acquire(store.training_jobs, low.id, worker="b")
    assert again is not None
    assert (again.record.attempts, again.record.preempted_by_priority) == (2, None)


def test_failed_attempt_is_not_told_to_give_way(store: Store, low: TrainingClaim, tiny_spec: MakeSpec) -> None:
    store.experiments.create(tiny_spec(), priority=7)
    store.preemption.update()
    low.check()
    failed = low.fail(Failure(type="internal", message="broken"))
    assert failed.preempted_by_priority is None


def test_nothing_gives_way_while_paused_or_drained(store: Store, low: TrainingClaim, tiny_spec: MakeSpec) -> None:
    store.experiments.create(tiny_spec(), priority=7)
    store.experiments.waiting.pause()
    store.preemption.update()
    assert read(store, low).preempted_by_priority is None
    store.experiments.waiting.resume()
    store.workers.drain("a", "finish")
    store.preemption.update()
    assert read(store, low).preempted_by_priority is None
    store.workers.resume("a")
    store.preemption.update()
    assert read(store, low).preempted_by_priority == 7
