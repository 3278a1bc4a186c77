"""Which worker an experiment is left to, and why none starts it."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from models_store.experiments.needs import Needs
from models_store.jobs.workers import Worker

_AT_ONCE = 1_000
# Of a GPU of that class, in bytes: somewhat less than it is sold with.
_MIN_BYTES = {"gpu": 0, "gpu16": 15 * 10**9, "gpu24": 22 * 10**9, "gpu80": 75 * 10**9}
_WANTED = {
    "cpu": "trains on the processor",
    "gpu": "has a GPU",
    "gpu16": "has 16 GB of GPU memory",
    "gpu24": "has 24 GB of GPU memory",
    "gpu80": "has 80 GB of GPU memory",
}


def one_of_each(workers: Iterable[Worker], name: str | None = None) -> list[Worker]:
    """The worker `name`, if it is among them, and one of each kind of the others: enough to judge by."""
    kinds = {}
    for worker in workers:
        kinds[(worker.name == name, worker.devices, worker.device and worker.device.kind, _memory_bytes(worker))] = (
            worker
        )
    return list(kinds.values())


def can_train(worker: Worker, needs: Needs) -> bool:
    """Whether its devices are enough, large enough and of the class that is wanted. Unknown memory is enough; that of a
    machine without a GPU is not looked at."""
    memory = _memory_bytes(worker)
    is_enough = (worker.devices or 1) >= needs.devices and (memory is None or memory >= needs.memory_bytes)
    return is_enough and _has_class(worker, needs)


def _has_class(worker: Worker, needs: Needs) -> bool:
    if needs.device is None or worker.device is None:
        return True
    if needs.device == "cpu":
        return worker.device.kind == "cpu"
    memory = _memory_bytes(worker)
    return worker.device.kind == "gpu" and (memory is None or memory >= _MIN_BYTES[needs.device])


def _memory_bytes(worker: Worker) -> int | None:
    memory = worker.device.memory if worker.device else None
    return None if memory is None else memory.total_bytes


def takers(needs: Needs, alive: Sequence[Worker]) -> list[Worker]:
    """Those that start it at its turn: all that can train it, or else those of its class, of which the first one
    tries."""
    able = [worker for worker in alive if can_train(worker, needs)]
    return able or [worker for worker in alive if _has_class(worker, needs)]


def is_for_others(needs: Needs, name: str, alive: Iterable[Worker]) -> bool:
    """Whether the worker `name` leaves that to others: to one that is `alive` and can train it where this one cannot,
    or, if this one is not of the class that is wanted, to one that may come. One whose heartbeat is late trains what
    any can, and nothing that wants a class."""
    workers = list(alive)
    if not any(worker.name == name for worker in workers):
        is_usual = needs.devices == 1 and all(_memory_bytes(worker) is None for worker in workers)
        can = any(can_train(worker, needs) for worker in workers)
        return needs.device is not None or (can and not is_usual)
    return not any(worker.name == name for worker in takers(needs, workers))


def of_present_class(
    ids: Sequence[str], known_needs: Callable[[Sequence[str]], Sequence[Needs | None]], consuming: Iterable[Worker]
) -> Iterator[str]:
    """Those of some experiments that do not insist on a class of which no worker starts experiments, in order.
    `known_needs` returns what each takes, None where that is unknown; it is asked as far as they are read."""
    workers = one_of_each(consuming)
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        for each, needs in zip(part, known_needs(part), strict=True):
            if needs is None or not _lacks_class(needs, workers):
                yield each


def _lacks_class(needs: Needs, consuming: Iterable[Worker]) -> bool:
    return needs.device is not None and not any(_has_class(worker, needs) for worker in consuming)


def describe_lack(needs: Needs, alive: Iterable[Worker]) -> str | None:
    """Why none of the workers that are `alive` will start it; None if one will, at its turn."""
    workers = list(alive)
    consuming = [worker for worker in workers if worker.draining is None]
    if not workers:
        return "no worker is alive"
    if not consuming:
        return "all living workers drain"
    if needs.device is None or not _lacks_class(needs, consuming):
        return None
    drains = any(_has_class(worker, needs) for worker in workers)
    return f"no living worker {'that starts experiments ' if drains else ''}{_WANTED[needs.device]}"
