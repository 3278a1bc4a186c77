"""Which worker an experiment is left to."""

import pytest

from models_store.jobs.suitability import Needs, are_alike, is_for_others
from models_store.jobs.workers import Device, MemoryUse, Worker


def worker(name: str, devices: int | None = 1, gigabytes: int | None = None) -> Worker:
    memory = None if gigabytes is None else MemoryUse(used_bytes=0, total_bytes=gigabytes * 10**9)
    return Worker(name=name, hostname=name, pid=1, device=Device(kind="gpu", name="A2", memory=memory), devices=devices)


@pytest.mark.parametrize(
    ("needs", "is_left"),
    [
        (Needs(), False),
        (Needs(memory_bytes=8 * 10**9), False),
        (Needs(memory_bytes=9 * 10**9), True),
        (Needs(devices=2), True),
        (Needs(devices=4, memory_bytes=80 * 10**9), True),
    ],
)
def test_left_to_the_worker_that_can(needs: Needs, is_left: bool) -> None:
    alive = [worker("small", 1, 8), worker("large", 4, 80)]
    assert is_for_others(needs, "small", alive) is is_left
    assert not is_for_others(needs, "large", alive)


@pytest.mark.parametrize("needs", [Needs(devices=8), Needs(memory_bytes=10**12), Needs(devices=4, memory_bytes=10**10)])
def test_what_no_worker_can_is_left_to_none(needs: Needs) -> None:
    """The first to try fails with what to do. Neither has four devices of 10 GB."""
    alive = [worker("small", 4, 8), worker("large", 2, 80)]
    assert not any(is_for_others(needs, each.name, alive) for each in alive)


def test_workers_are_alike_by_devices_and_their_memory() -> None:
    assert are_alike([])
    assert are_alike([worker("a", 2, 8), worker("b", 2, 8)])
    assert not are_alike([worker("a", 2, 8), worker("b", 4, 8)])
    assert not are_alike([worker("a", 2, 8), worker("b", 2, 80)])


def test_older_worker_has_one_device() -> None:
    assert is_for_others(Needs(devices=2), "older", [worker("older", None), worker("newer", 2)])


def test_unknown_memory_is_enough() -> None:
    assert not is_for_others(Needs(memory_bytes=10**12), "first", [worker("first"), worker("second", 1, 2_000)])


def test_worker_without_a_heartbeat_takes_what_any_can() -> None:
    assert not is_for_others(Needs(), "silent", [worker("other", 2)])
    assert is_for_others(Needs(devices=2), "silent", [worker("other", 2)])
    assert not is_for_others(Needs(devices=4), "silent", [worker("other", 2)])
