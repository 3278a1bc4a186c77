"""How many predictions each owner has asked for today, summed over all API processes.

Counted in memory and added to Redis now and then: a prediction waits for neither, and is answered without Redis. A
limit is therefore exceeded by what other processes have counted in the last seconds, at most.
"""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

from redis import Redis
from redis.exceptions import RedisError

from models_store import keys
from models_store.frozen import utc_now

_KEPT_SECONDS = 2 * 86_400


class PredictionCounts:
    """Safe for any number of threads. A day is that of UTC."""

    def __init__(self, redis: Redis, now: Callable[[], datetime] = utc_now) -> None:
        self._redis = redis
        self._now = now
        self._lock = threading.Lock()
        self._day = ""
        self._stored: dict[str, int] = {}
        self._pending: Counter[str] = Counter()

    def add(self, owner: str, count: int, allowed: int | None) -> int | None:
        """Count, and return None; or, if that were more than `allowed`, seconds until the next day."""
        with self._lock:
            now = self._now()
            self._begin_day(now)
            if allowed is not None and self._stored.get(owner, 0) + self._pending[owner] + count > allowed:
                return int((day_of(now) + timedelta(days=1) - now).total_seconds()) + 1
            self._pending[owner] += count
            return None

    def used(self, owner: str) -> int:
        """Today, by all processes as far as they have written it down. Without Redis, as far as this one knows."""
        now = self._now()
        try:
            stored = int(cast(str | None, self._redis.get(keys.predictions(owner, f"{now:%Y-%m-%d}"))) or 0)
        except RedisError:
            stored = self._stored.get(owner, 0)
        with self._lock:
            self._begin_day(now)
            self._stored[owner] = stored
            return stored + self._pending[owner]

    def flush(self) -> None:
        """Add what was counted to Redis, and learn what others have; later, if that is away."""
        with self._lock:
            now = self._now()
            self._begin_day(now)
            day, pending, self._pending = self._day, self._pending, Counter()
        owners = sorted({*pending, *self._stored})
        if not owners:
            return
        try:
            with self._redis.pipeline(transaction=True) as pipeline:
                for owner in owners:
                    pipeline.incrby(keys.predictions(owner, day), pending[owner])
                    pipeline.expire(keys.predictions(owner, day), _KEPT_SECONDS)
                totals = dict(zip(owners, pipeline.execute()[::2], strict=True))
        except RedisError:
            totals = None
        with self._lock:
            if day != self._day:
                return
            if totals is None:
                self._pending.update(pending)
            else:
                self._stored.update(totals)

    def _begin_day(self, now: datetime) -> None:
        """Only under the lock."""
        if (day := f"{now:%Y-%m-%d}") != self._day:
            self._day, self._stored, self._pending = day, {}, Counter()


def day_of(at: datetime) -> datetime:
    """Its beginning."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
