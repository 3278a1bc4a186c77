"""Who is at work: each worker's heartbeat, which runs out when it dies."""

from collections.abc import Callable
from typing import Literal, cast

from pydantic import ValidationError
from redis import Redis

from models_store import keys
from models_store.connection import require_redis
from models_store.errors import InvalidState, NotFound, list_names
from models_store.events import EventLog
from models_store.frozen import Frozen
from models_store.jobs.drains import Draining, Drains, machine_of, mode_in

SEEN_SECONDS = 15.0


class MemoryUse(Frozen):
    """In bytes, rounded to 0.1 GB."""

    used_bytes: int
    total_bytes: int


class Device(Frozen):
    """What a worker trains on, its first GPU or else its processor, as its maker calls it; `memory` and `uuid` are
    those of a GPU. `bfloat16`: whether it computes in that, as `precision: auto` then does; null where unknown."""

    kind: Literal["cpu", "gpu"]
    name: str
    memory: MemoryUse | None = None
    uuid: str | None = None
    bfloat16: bool | None = None


class Worker(Frozen):
    """A worker. `devices` is how many like `device` a training may use, `cores` are those that it may use. `memory` is
    that of its machine, `trainer_bytes` what its trainers and other child processes have of it, rounded to 0.1 GB.
    `seen_at` is Redis's time in seconds since 1970. What a worker of version 0.2 does not report is null.

    One that drains starts nothing more: with `draining` "finish" it finishes what it has begun, with "give_back" it
    returns that to the queue, with a checkpoint."""

    name: str
    hostname: str
    pid: int
    device: Device | None = None
    devices: int | None = None
    cores: int | None = None
    memory: MemoryUse | None = None
    trainer_bytes: int | None = None
    seen_at: float = 0.0
    draining: Draining | None = None


class WorkerChange(Frozen):
    """A worker has joined, or changed, or has left: it said so, or was not seen for 15 s."""

    name: str
    state: Literal["joined", "changed", "left"]
    worker: Worker | None = None


class Workers:
    """Every method raises Unavailable while Redis is away. What people have decided is in `drains`."""

    def __init__(self, redis: Redis, events: EventLog, drains: Drains) -> None:
        self._redis = redis
        self._events = events
        self.drains = drains

    def _now(self) -> float:
        seconds, microseconds = self._redis.time()
        return seconds + microseconds / 1e6

    def beat(self, worker: Worker) -> None:
        with require_redis():
            before = _parse(cast(str | None, self._redis.hget(keys.WORKERS, worker.name)))
            draining = self.drains.mode_of(worker.name)
            seen = worker.model_copy(update={"seen_at": self._now(), "draining": draining})
            self._redis.hset(keys.WORKERS, worker.name, seen.model_dump_json())
        if before is None:
            self._events.add("worker", WorkerChange(name=worker.name, state="joined", worker=seen))
        elif before.model_copy(update={"seen_at": seen.seen_at}) != seen:
            self._events.add("worker", WorkerChange(name=worker.name, state="changed", worker=seen))
        self._events.repair()

    def leave(self, name: str) -> None:
        with require_redis():
            was_there = self._redis.hdel(keys.WORKERS, name)
        if was_there:
            self._events.add("worker", WorkerChange(name=name, state="left"))

    def alive(self) -> list[Worker]:
        """The workers seen in the last 15 s, by name; the others leave."""
        with require_redis():
            stored = cast(dict[str, str], self._redis.hgetall(keys.WORKERS))
            oldest = self._now() - SEEN_SECONDS
        workers = [worker for document in stored.values() if (worker := _parse(document)) is not None]
        for worker in workers:
            if worker.seen_at < oldest:
                self.leave(worker.name)
        drains = self.drains.read()
        alive = (worker for worker in workers if worker.seen_at >= oldest)
        shown = (worker.model_copy(update={"draining": mode_in(drains, worker.name)}) for worker in alive)
        return sorted(shown, key=lambda worker: worker.name)

    def consuming(self) -> list[Worker]:
        """Those alive that do not drain."""
        return [worker for worker in self.alive() if worker.draining is None]

    def drain(self, name: str, mode: Draining) -> list[Worker]:
        """Have a worker, or all of a machine, start nothing more until `resume`; return these. That of a worker ends
        with it, that of a machine holds for those that are started later. Raises NotFound if none of that name is
        alive, Busy, StorageFull."""
        alive = self.alive()
        if not any(map(_is_named(name), alive)):
            names = sorted({each.name for each in alive} | {machine_of(each.name) for each in alive})
            known = f"known are {list_names(names)}" if names else "none is alive"
            raise NotFound(f"no worker and no machine {name[:200]!r} is alive: {known}")
        self.drains.add(name, mode, lambda each: each in {worker.name for worker in alive})
        return self._announce(name)

    def resume(self, name: str) -> list[Worker]:
        """Undo a `drain`, that of a machine also of each of its workers; return those that are alive. Raises NotFound
        unless it drains, InvalidState if the machine of a worker does, Busy, StorageFull."""
        drains, machine = self.drains.read(), machine_of(name)
        if machine != name and machine in drains:
            raise InvalidState(f"machine {machine} drains with all its workers: resume that")
        if not any(name in (each, machine_of(each)) for each in drains):
            raise NotFound(f"{name[:200]!r} does not drain: {list_names(sorted(drains)) or 'nothing'} does")
        self.drains.remove(name)
        return self._announce(name)

    def _announce(self, name: str) -> list[Worker]:
        found = list(filter(_is_named(name), self.alive()))
        for worker in found:
            self._events.add("worker", WorkerChange(name=worker.name, state="changed", worker=worker))
        return found


def _is_named(name: str) -> Callable[[Worker], bool]:
    return lambda worker: name in (worker.name, machine_of(worker.name))


def _parse(document: str | None) -> Worker | None:
    """None also for the entry of a worker of another version."""
    try:
        return Worker.model_validate_json(document) if document else None
    except ValidationError:
        return None
