"""Who is at work: each worker's heartbeat, which runs out when it dies."""

from typing import cast

from pydantic import ValidationError
from redis import Redis

from models_store import keys
from models_store.connection import require_redis
from models_store.experiments.record import Frozen

SEEN_SECONDS = 15.0


class Worker(Frozen):
    """A worker as `GET /workers` shows it. `seen_at` is Redis's time in seconds since 1970."""

    name: str
    hostname: str
    pid: int
    seen_at: float = 0.0


class Workers:
    """Every method raises Unavailable while Redis is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def _now(self) -> float:
        seconds, microseconds = self._redis.time()
        return seconds + microseconds / 1e6

    def beat(self, worker: Worker) -> None:
        with require_redis():
            seen = worker.model_copy(update={"seen_at": self._now()})
            self._redis.hset(keys.WORKERS, worker.name, seen.model_dump_json())

    def leave(self, name: str) -> None:
        with require_redis():
            self._redis.hdel(keys.WORKERS, name)

    def alive(self) -> list[Worker]:
        """The workers seen in the last 15 s, by name; older entries are removed."""
        with require_redis():
            stored = cast(dict[str, str], self._redis.hgetall(keys.WORKERS))
            oldest = self._now() - SEEN_SECONDS
        workers = [worker for document in stored.values() if (worker := _parse(document)) is not None]
        for worker in workers:
            if worker.seen_at < oldest:
                self.leave(worker.name)
        return sorted((worker for worker in workers if worker.seen_at >= oldest), key=lambda worker: worker.name)


def _parse(document: str) -> Worker | None:
    """None for the entry of a worker of another version."""
    try:
        return Worker.model_validate_json(document)
    except ValidationError:
        return None
