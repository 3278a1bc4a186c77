"""How many streams of events each owner has open, counted in Redis for all processes together.

Each stream has a lease, which its process renews: those of a process that died run out.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import RedisError

from models_store import keys

LEASE_SECONDS = 60.0
_RENEW_SECONDS = LEASE_SECONDS / 3
# Scores are times of the server, in milliseconds, at which a lease runs out.
_OPEN = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""
_RENEW = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
"""


class OpenStreams:
    """All in one event loop. While Redis does not answer, each process counts by itself."""

    def __init__(self, redis: AsyncRedis) -> None:
        self._redis = redis
        self._open = redis.register_script(_OPEN)
        self._renew = redis.register_script(_RENEW)
        self._streams: dict[str, str] = {}

    @asynccontextmanager
    async def admit(self, owner: str, most: int) -> AsyncIterator[bool]:
        """The context of a stream; False if `owner` has `most` open without it."""
        stream = secrets.token_hex(8)
        if not await self._acquire(owner, most, stream):
            yield False
            return
        self._streams[stream] = owner
        try:
            yield True
        finally:
            del self._streams[stream]
            # Also where the client has left, and the answer's task is being cancelled.
            with suppress(RedisError):
                await asyncio.shield(self._redis.zrem(keys.streams(owner), stream))

    async def renew(self) -> None:
        """Renew the leases of this process."""
        for owner in Counter(self._streams.values()):
            mine = [stream for stream, holder in self._streams.items() if holder == owner]
            await self._renew(keys=[keys.streams(owner)], args=[_milliseconds(), *mine])

    async def renew_forever(self) -> None:
        while True:
            with suppress(RedisError):
                await self.renew()
            await asyncio.sleep(_RENEW_SECONDS)

    async def _acquire(self, owner: str, most: int, stream: str) -> bool:
        if sum(each == owner for each in self._streams.values()) >= most:
            return False
        try:
            return bool(await self._open(keys=[keys.streams(owner)], args=[most, _milliseconds(), stream]))
        except RedisError:
            return True


def _milliseconds() -> int:
    return int(LEASE_SECONDS * 1000)
