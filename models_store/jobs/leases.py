"""Who works on an experiment now: a key that runs out unless its holder renews it. Redis's clock decides."""

from typing import cast

from redis import Redis

from models_store import keys

# Taken again if it ran out meanwhile and nobody else took it: a pause alone costs nothing.
_RENEW = """
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class Leases:
    """A lease's value is the fencing token of the attempt that holds it."""

    def __init__(self, redis: Redis, seconds: float) -> None:
        self._redis = redis
        self._milliseconds = int(seconds * 1000)
        self._renew = redis.register_script(_RENEW)
        self._release = redis.register_script(_RELEASE)

    def take(self, experiment_id: str, token: int) -> bool:
        """Atomic: of many callers at most one gets True, until the lease runs out or is released."""
        key = keys.lease(experiment_id)
        if self._redis.set(key, str(token), nx=True, px=self._milliseconds):
            return True
        # A SET that was tried again after its answer got lost finds its own token.
        return cast(str | None, self._redis.get(key)) == str(token)

    def renew(self, experiment_id: str, token: int) -> bool:
        """False if another token holds the lease."""
        renewed = self._renew(keys=[keys.lease(experiment_id)], args=[str(token), self._milliseconds])
        return bool(renewed)

    def release(self, experiment_id: str, token: int) -> None:
        self._release(keys=[keys.lease(experiment_id)], args=[str(token)])

    def is_held(self, experiment_id: str) -> bool:
        return bool(self._redis.exists(keys.lease(experiment_id)))

    def uptime_seconds(self) -> float:
        """Seconds since Redis started: a lease cannot have been renewed before that."""
        info = cast(dict[str, int], self._redis.info("server"))
        return float(info["uptime_in_seconds"])
