"""Which worker an experiment is left to."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import NamedTuple

from models_store.experiments.stored_spec import StoredSpec
from models_store.jobs.workers import Worker
from specs.dataset import Dataset
from specs.errors import SpecError


class Needs(NamedTuple):
    """What a training takes: `devices` of one machine, and `memory_bytes` on each, by its estimate."""

    devices: int = 1
    memory_bytes: int = 0


def needs_of(spec: StoredSpec, datasets: Mapping[str, Dataset]) -> Needs:
    """`datasets` are those that were uploaded. What is no longer valid takes no memory: its trainer says what is
    wrong. Raises Damaged."""
    memory_bytes = 0
    with suppress(SpecError):
        memory_bytes = spec.parse(datasets).memory_mb() * 10**6
    return Needs(spec.training.devices, memory_bytes)


def are_alike(workers: Iterable[Worker]) -> bool:
    """Whether each can train what the others can."""
    return len({(worker.devices or 1, _memory_bytes(worker)) for worker in workers}) < 2


def can_train(worker: Worker, needs: Needs) -> bool:
    """Whether its devices are enough and large enough. Unknown memory is enough; that of a machine without a GPU is not
    looked at."""
    memory = _memory_bytes(worker)
    return (worker.devices or 1) >= needs.devices and (memory is None or memory >= needs.memory_bytes)


def _memory_bytes(worker: Worker) -> int | None:
    memory = worker.device.memory if worker.device else None
    return None if memory is None else memory.total_bytes


def is_for_others(needs: Needs, name: str, alive: Iterable[Worker]) -> bool:
    """Whether the worker `name` cannot train that and another one that is `alive` can. One whose heartbeat is late
    trains what any can."""
    able = {worker.name: can_train(worker, needs) for worker in alive}
    return not able.get(name, needs == Needs()) and any(able.values())
