"""Which trainings give way to which."""

from datetime import UTC, datetime, timedelta
from itertools import repeat

import pytest

from api.upkeep import sweep
from models_store.datasets.claim import ConversionClaim
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.needs import Needs
from models_store.experiments.record import Record
from models_store.jobs.failure import Failure
from models_store.jobs.preemption import Running, Waiting, plan_preemption
from models_store.jobs.workers import Device, MemoryUse, Worker
from models_store.store import Store
from settings import Settings
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


def test_estimate_above_all_workers_is_tried_by_one() -> None:
    """As by the worker that becomes free, which takes the first that waits."""
    workers = [worker("small", 8), worker("large", 24)]
    runs = [running("small", -5), running("large")]
    assert plan_preemption([waiting(9, gigabytes=80)], runs, workers) == {"small": 9}
    assert plan_preemption([waiting(9, gigabytes=80), waiting(5)], runs, workers) == {"small": 9, "large": 5}
    assert plan_preemption([waiting(9, gigabytes=80)], [running("large")], workers) == {}, "one is free"


def test_absent_class_keeps_nobody_waiting() -> None:
    absent = Waiting(None, 9, Needs(device="gpu80"))
    assert plan_preemption([absent, absent, absent, waiting(5)], [running("a"), running("b", 1)], TWO) == {"a": 5}


def test_worker_that_does_something_else_is_not_free() -> None:
    assert plan_preemption([waiting(5)], [running("b")], TWO, occupied={"a"}) == {"b": 5}
    assert plan_preemption([waiting(5)], [], TWO, occupied={"a", "b"}) == {}


def test_no_more_is_read_than_there_are_workers() -> None:
    endless = repeat(waiting(5))
    assert plan_preemption(endless, [running("a"), running("b")], TWO) == {"a": 5, "b": 5}
    assert plan_preemption(endless, [running("a")], TWO, occupied={"b"}) == {"a": 5}


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


def test_pool_that_is_empty_keeps_no_run_waiting(store: Store, low: TrainingClaim, tiny_spec: MakeSpec) -> None:
    for _ in range(30):
        store.experiments.create(tiny_spec(device="gpu80"), priority=50)
    store.experiments.create(tiny_spec(), priority=20)
    store.preemption.update()
    assert read(store, low).preempted_by_priority == 20


def test_worker_that_converts_is_not_waited_for(store: Store, low: TrainingClaim, tiny_spec: MakeSpec) -> None:
    with store.datasets.receive_archive() as archive:
        archive.write(b"an archive")
        store.datasets.add("own", archive)
    store.workers.beat(worker("b"))
    store.experiments.create(tiny_spec(), priority=20)
    store.preemption.update()
    assert read(store, low).preempted_by_priority is None
    claim = ConversionClaim.acquire(store.conversion_jobs, "own", worker="b")
    assert claim is not None
    store.preemption.update()
    assert read(store, low).preempted_by_priority == 20
    claim.give_back()
    store.preemption.update()
    assert read(store, low).preempted_by_priority is None


@pytest.mark.parametrize("is_on", [True, False])
def test_mark_is_withdrawn_once_it_is_off(store: Store, low: TrainingClaim, tiny_spec: MakeSpec, is_on: bool) -> None:
    """By the process that is elected."""
    store.experiments.create(tiny_spec(), priority=7)
    store.preemption.update()
    assert read(store, low).preempted_by_priority == 7
    sweep(store, Settings(preemption=is_on))
    assert read(store, low).preempted_by_priority == (7 if is_on else None)


def test_lost_worker_did_not_give_way(low: TrainingClaim) -> None:
    lost = low.record.give_way(7).retry(Failure(type="killed", message="lost"), max_attempts=3)
    assert (lost.status, lost.error and lost.error.type, lost.preempted_by_priority) == ("queued", "killed", None)


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
