"""Leases in Redis: keys that expire unless their holder renews them. Redis's clock decides."""

from collections.abc import Sequence
from typing import cast

from redis import Redis

from models_store import keys

_ASKED = 500
# An expired lease is acquired again unless another token holds it: a pause alone costs nothing.
_RENEW = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class Leases:
    """One lease per job id. Its value is the fencing token of the attempt that holds it."""

    def __init__(self, redis: Redis, seconds: float) -> None:
        self.seconds = seconds
        self._redis = redis
        self._renew = redis.register_script(_RENEW)
        self._release = redis.register_script(_RELEASE)

    @property
    def milliseconds(self) -> int:
        return int(self.seconds * 1000)

    def acquire(self, job_id: str, token: int) -> bool:
        """Atomic: of many callers at most one gets True, until the lease expires or is released."""
        key = keys.lease(job_id)
        if self._redis.set(key, str(token), nx=True, px=self.milliseconds):
            return True
        # A SET that was retried after its answer got lost finds its own token.
        return cast(str | None, self._redis.get(key)) == str(token)

    def renew(self, job_id: str, token: int) -> bool:
        """False if another token holds the lease."""
        return bool(self._renew(keys=[keys.lease(job_id)], args=[str(token), self.milliseconds]))

    def release(self, job_id: str, token: int) -> None:
        """Does nothing if another token holds the lease."""
        self._release(keys=[keys.lease(job_id)], args=[str(token)])

    def is_held(self, job_id: str) -> bool:
        return bool(self._redis.exists(keys.lease(job_id)))

    def held(self, job_ids: Sequence[str]) -> set[str]:
        """Those of the jobs whose lease is held."""
        parts = [job_ids[start : start + _ASKED] for start in range(0, len(job_ids), _ASKED)]
        tokens = [(part, cast(list[str | None], self._redis.mget(list(map(keys.lease, part))))) for part in parts]
        return {job for part, found in tokens for job, token in zip(part, found, strict=True) if token is not None}

    def uptime_seconds(self) -> float:
        """Seconds since Redis started: no lease can have been renewed before that."""
        info = cast(dict[str, int], self._redis.info("server"))
        return float(info["uptime_in_seconds"])
