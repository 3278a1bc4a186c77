"""Which trainer an experiment gets, with processes that only wait."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from archives.member import Limits
from settings import Settings
from tests.support.waiting import eventually
from worker.jobs import trainers as module
from worker.jobs.messages import CONVERSION_EVENT, ConversionJob
from worker.jobs.process import ChildProcess
from worker.jobs.trainers import Trainer, Trainers

pytestmark = pytest.mark.processes

JOB = ConversionJob(archive=Path("a"), staged=Path("b"), limits=Limits(1, 2, 3), max_pixels=4)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[Trainer, int, int]]]:
    """Every trainer that was started, its niceness and how much it may grow."""
    children: list[Any] = []

    def start(niceness: int, max_growth_bytes: int, cpu_devices: int) -> Any:
        assert cpu_devices == 2
        children.append((ChildProcess("worker.conversion", CONVERSION_EVENT), niceness, max_growth_bytes))
        return children[-1][0]

    monkeypatch.setattr(module, "start_trainer", start)
    yield children
    for child, *_ in children:
        child.kill()


@pytest.fixture
def trainers(started: list[Any]) -> Trainers:
    return Trainers(Settings(trainer_max_jobs=3, trainer_max_growth_bytes=7, cpu_devices=2))


def has_trained(trainers: Trainers, *, fresh: bool = False) -> Trainer:
    """The trainer of an experiment that has succeeded."""
    trainer = trainers.acquire(fresh=fresh)
    trainer.assign(JOB)
    trainers.prepare()
    trainers.give_back(trainer)
    return trainer


def test_one_trainer_trains_up_to_a_number(trainers: Trainers, started: list[Any]) -> None:
    trained = [has_trained(trainers) for _ in range(7)]

    first, second, third, _ = (trainer for trainer, *_ in started)
    assert trained == [first] * 3 + [second] * 3 + [third]
    assert [trainer.is_alive for trainer, *_ in started] == [False, False, True, True]
    assert [rest for _, *rest in started] == [[0, 7], [10, 7], [10, 7], [10, 7]]


def test_worker_without_a_spare_starts_successors(started: list[Any]) -> None:
    trainers = Trainers(Settings(trainer_max_jobs=2, spare_trainer=False, cpu_devices=2))
    trained = []
    for number in range(3):
        trained.append(has_trained(trainers))
        assert len(started) == 1 + number // 2

    first, second = (trainer for trainer, *_ in started)
    assert trained == [first, first, second]
    assert (first.is_alive, second.is_alive) == (False, True)


def test_used_trainer_ends_before_a_fresh_one_trains(trainers: Trainers, started: list[Any]) -> None:
    """Two would hold memory of the GPU at once."""
    used = has_trained(trainers)
    fresh = trainers.acquire(fresh=True)

    assert (used.is_alive, fresh.is_alive, fresh.jobs) == (False, True, 0)
    assert fresh is started[1][0]


def test_dead_trainers_are_replaced(trainers: Trainers, started: list[Any]) -> None:
    used = has_trained(trainers)
    for trainer, *_ in started:
        psutil.Process(trainer.pid).kill()
    eventually(lambda: not any(trainer.is_alive for trainer, *_ in started))

    acquired = trainers.acquire(fresh=False)
    trainers.prepare()
    trainers.prepare()

    assert used is not acquired
    assert acquired.is_alive
    assert [trainer.is_alive for trainer, *_ in started] == [False, False, True, True]


def test_no_trainer_outlives_its_worker(trainers: Trainers, started: list[Any]) -> None:
    has_trained(trainers)
    trainers.close()

    assert len(started) == 2
    assert not any(trainer.is_alive for trainer, *_ in started)
