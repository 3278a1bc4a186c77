"""One process of many is elected for what only one need do."""

import secrets
from contextlib import suppress

from redis import Redis
from redis.exceptions import RedisError

# Reentrant: it renews, and a process whose Redis fell silent could not resign.
_HOLD = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_RESIGN = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class NotElected(Exception):
    """Another process has taken over."""


class Election:
    """A key in Redis that expires unless the process that is elected renews it; then another one takes over."""

    def __init__(self, redis: Redis, key: str) -> None:
        self._key = key
        self._ticket = secrets.token_hex(8)
        self._hold = redis.register_script(_HOLD)
        self._resign = redis.register_script(_RESIGN)

    def hold(self, seconds: float) -> bool:
        """Be elected, or stay so, for `seconds` from now; False if another process is. Raises redis's errors."""
        return bool(self._hold(keys=[self._key], args=[self._ticket, int(seconds * 1000)]))

    def require(self, seconds: float) -> None:
        """Stay elected. Raises NotElected, redis's errors."""
        if not self.hold(seconds):
            raise NotElected(f"another process holds {self._key}")

    def resign(self) -> None:
        """Let another one be elected at once. If Redis cannot be reached, the key expires."""
        with suppress(RedisError):
            self._resign(keys=[self._key], args=[self._ticket])
