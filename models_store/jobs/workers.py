"""Who is at work: each worker's heartbeat, which runs out when it dies."""

from typing import Literal, cast

from pydantic import ValidationError
from redis import Redis

from models_store import keys
from models_store.connection import require_redis
from models_store.events import EventLog
from models_store.frozen import Frozen

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
    `seen_at` is Redis's time in seconds since 1970. What a worker of version 0.2 does not report is null."""

    name: str
    hostname: str
    pid: int
    device: Device | None = None
    devices: int | None = None
    cores: int | None = None
    memory: MemoryUse | None = None
    trainer_bytes: int | None = None
    seen_at: float = 0.0


class WorkerChange(Frozen):
    """A worker has joined, or changed, or has left: it said so, or was not seen for 15 s."""

    name: str
    state: Literal["joined", "changed", "left"]
    worker: Worker | None = None


class Workers:
    """Every method raises Unavailable while Redis is away."""

    def __init__(self, redis: Redis, events: EventLog) -> None:
        self._redis = redis
        self._events = events

    def _now(self) -> float:
        seconds, microseconds = self._redis.time()
        return seconds + microseconds / 1e6

    def beat(self, worker: Worker) -> None:
        with require_redis():
            before = _parse(cast(str | None, self._redis.hget(keys.WORKERS, worker.name)))
            seen = worker.model_copy(update={"seen_at": self._now()})
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
        return sorted((worker for worker in workers if worker.seen_at >= oldest), key=lambda worker: worker.name)


def _parse(document: str | None) -> Worker | None:
    """None also for the entry of a worker of another version."""
    try:
        return Worker.model_validate_json(document) if document else None
    except ValidationError:
        return None
