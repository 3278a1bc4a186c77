"""One process of many is elected for what only one need do."""

import secrets
from contextlib import suppress

from redis import Redis
from redis.exceptions import RedisError

from models_store.versions import SCHEMA_VERSION

# Reentrant: it renews, and a process whose Redis fell silent could not resign. Which is elected reads all records: an
# older version of the store gives way to a newer one.
_HOLD = """
local holder = redis.call('GET', KEYS[1])
local version = holder and tonumber(string.match(holder, '^(%d+):') or '0')
if holder and holder ~= ARGV[1] and version >= tonumber(string.match(ARGV[1], '^(%d+):')) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
# A Redis that was emptied meanwhile has forgotten who was elected, and with it what was done.
_RENEW = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
"""
_RESIGN = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class NotElected(Exception):
    """Another process has taken over, or Redis was emptied."""


class Election:
    """A key in Redis that expires unless the process that is elected renews it; then another one takes over."""

    def __init__(self, redis: Redis, key: str) -> None:
        self._key = key
        self.ticket = f"{SCHEMA_VERSION}:{secrets.token_hex(8)}"
        self._hold = redis.register_script(_HOLD)
        self._renew = redis.register_script(_RENEW)
        self._resign = redis.register_script(_RESIGN)

    def hold(self, seconds: float) -> bool:
        """Be elected, or stay so, for `seconds` from now; False if another process is. Raises redis's errors."""
        return bool(self._hold(keys=[self._key], args=[self.ticket, int(seconds * 1000)]))

    def require(self, seconds: float) -> None:
        """Stay elected. Raises NotElected, redis's errors."""
        if not self._renew(keys=[self._key], args=[self.ticket, int(seconds * 1000)]):
            raise NotElected(f"{self._key} is another process's, or Redis was emptied")

    def resign(self) -> None:
        """Let another one be elected at once. If Redis cannot be reached, the key expires."""
        with suppress(RedisError):
            self._resign(keys=[self._key], args=[self.ticket])
