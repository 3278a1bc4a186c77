"""Which of the experiments that wait a worker takes."""

import logging
from collections.abc import Callable

import pytest

from models_store.jobs.workers import Device, MemoryUse, Worker
from models_store.store import Store
from settings import Settings
from specs.experiment import ExperimentSpec
from worker.jobs.supervisor import Supervisor

Spec = Callable[..., ExperimentSpec]


def test_older_record_is_left_to_the_worker_that_can(store: Store, tiny_spec: Spec) -> None:
    """It has no estimate."""
    record = store.experiments.create(tiny_spec())
    store.experiments.write(record.replace(memory_mb=None))
    assert store.reconciler.sweep()
    for name, total in (("small", 1), ("large", 10**12)):
        memory = MemoryUse(used_bytes=0, total_bytes=total)
        device = Device(kind="gpu", name="A2", memory=memory)
        store.workers.beat(Worker(name=name, hostname=name, pid=1, device=device))
    taken = {}
    for name in ("small", "large"):
        with Supervisor(store, Settings(), name, lambda: False)._candidates(record.id) as found:
            taken[name] = list(found)
    assert taken == {"small": [], "large": [(record.id,)]}


def test_what_is_left_is_logged_once_for_each_pick(
    store: Store, tiny_spec: Spec, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models_store.experiments.waiting._MAX_CANDIDATES", 2)
    ids = [store.experiments.create(tiny_spec(device="gpu24")).id for _ in range(7)]
    assert store.reconciler.sweep()
    store.workers.beat(Worker(name="a", hostname="a", pid=1, device=Device(kind="cpu", name="EPYC")))
    supervisor = Supervisor(store, Settings(), "a", lambda: False)
    with caplog.at_level(logging.INFO), supervisor._candidates(ids[6]) as found:
        assert list(found) == []
    left = [each.getMessage() for each in caplog.records if "is left to" in each.getMessage()]
    assert left == [f"experiment {ids[0]} is left to a worker with more or larger devices, or others; so are 6 more"]
