"""Which worker an experiment is left to."""

import pytest

from models_store.experiments.needs import Needs
from models_store.jobs.suitability import describe_lack, is_for_others, one_of_each
from models_store.jobs.workers import Device, MemoryUse, Worker
from specs.training import DeviceClass


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


def test_fleet_is_judged_by_one_of_each_kind() -> None:
    fleet = [*(worker(f"a{number}", 2, 8) for number in range(5)), worker("b", 4, 8), worker("c", 2, 80), CPU]
    for name, count in (("a0", 5), ("a3", 5), ("c", 4), ("silent", 4)):
        found = one_of_each(fleet, name)
        assert (len(found), name in {each.name for each in found}) == (count, name != "silent")
    assert one_of_each([], "a0") == []


def test_older_worker_has_one_device() -> None:
    assert is_for_others(Needs(devices=2), "older", [worker("older", None), worker("newer", 2)])


def test_unknown_memory_is_enough() -> None:
    assert not is_for_others(Needs(memory_bytes=10**12), "first", [worker("first"), worker("second", 1, 2_000)])


def test_worker_without_a_heartbeat_takes_what_any_can() -> None:
    assert not is_for_others(Needs(), "silent", [worker("other", 2)])
    assert is_for_others(Needs(devices=2), "silent", [worker("other", 2)])
    assert not is_for_others(Needs(devices=4), "silent", [worker("other", 2)])


CPU = Worker(name="cpu", hostname="cpu", pid=1, device=Device(kind="cpu", name="EPYC"), devices=1)
T4, A10, H100 = worker("t4", 1, 16), worker("a10", 1, 24), worker("h100", 1, 85)


@pytest.mark.parametrize(
    ("device", "takers"),
    [
        ("cpu", ["cpu"]),
        ("gpu", ["t4", "a10", "h100", "unknown"]),
        ("gpu16", ["t4", "a10", "h100", "unknown"]),
        ("gpu24", ["a10", "h100", "unknown"]),
        ("gpu80", ["h100", "unknown"]),
        (None, ["cpu", "t4", "a10", "h100", "unknown"]),
    ],
)
def test_class_is_insisted_on(device: DeviceClass | None, takers: list[str]) -> None:
    """Even if no other worker is alive, and by one whose heartbeat is late."""
    workers = [CPU, T4, A10, H100, worker("unknown")]
    needs = Needs(device=device)
    assert [each.name for each in workers if not is_for_others(needs, each.name, [each])] == takers
    assert is_for_others(needs, "silent", []) is (device is not None)


@pytest.mark.parametrize(
    ("device", "reason"),
    [
        (None, None),
        ("gpu", None),
        ("gpu16", None),
        ("gpu24", "no living worker has 24 GB of GPU memory"),
        ("gpu80", "no living worker has 80 GB of GPU memory"),
        ("cpu", "no living worker trains on the processor"),
    ],
)
def test_lack_names_the_class(device: DeviceClass | None, reason: str | None) -> None:
    assert describe_lack(Needs(device=device), [T4]) == reason


def test_lack_of_workers_is_named() -> None:
    draining = A10.model_copy(update={"draining": "finish"})
    assert describe_lack(Needs(), []) == "no worker is alive"
    assert describe_lack(Needs(), [draining]) == "all living workers drain"
    wanted = "no living worker that starts experiments has 24 GB of GPU memory"
    assert describe_lack(Needs(device="gpu24"), [draining, T4]) == wanted
    assert describe_lack(Needs(device="gpu80"), [draining, T4]) == "no living worker has 80 GB of GPU memory"
    # Of these the first to try fails with what to do.
    assert describe_lack(Needs(devices=8, memory_bytes=10**12), [T4]) is None
