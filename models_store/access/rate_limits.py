"""How many requests a minute somebody may send, counted in Redis for all processes together.

The algorithm is GCRA: a subject has one number, the time at which all that it has sent would have arrived if it had
kept the rate. A request is admitted unless that time is more than a minute ahead. One that counts as several takes them
all, or none: otherwise those who repeat it would use up, each time, what it waits for.
"""

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple, cast

from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import RedisError

from models_store import keys
from models_store.errors import RateLimited

# Of the limit, per process, while Redis is away.
LOCAL_SHARE = 4
# A process takes so many parts of the limit at once, and is asked nothing until it has used them.
_BATCHES = 50
_AWAY_SECONDS = 1.0
_ROUNDING_SECONDS = 1e-6
_MINUTE = 60.0
# Subjects that one process remembers; of addresses, anybody can have many.
MAX_SUBJECTS = 10_000
# Microseconds. What is further ahead than anybody can get was written before the clock of the server was set back.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, minute = tonumber(ARGV[1]), tonumber(ARGV[2])
local least, wanted = tonumber(ARGV[3]), tonumber(ARGV[4])
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
if arrival > now + minute + interval then arrival = now end
local room = math.max(now + minute - arrival, 0)
local free = math.floor(room / interval)
if free < least then return {0, free, math.ceil(least * interval - room)} end
local granted = math.min(wanted, free)
arrival = now + minute - room + granted * interval
redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000))
return {granted, free - granted, 0}
"""


class RateLimit(NamedTuple):
    """So many requests at once, and so many in each minute from then on. `name` is that of what is counted."""

    name: str
    per_minute: int

    @property
    def batch(self) -> int:
        return max(1, self.per_minute // _BATCHES)

    @property
    def interval(self) -> float:
        """Seconds."""
        return _MINUTE / self.per_minute

    @property
    def microseconds(self) -> int:
        """The interval, rounded up."""
        return ceil(self.interval * 1e6)


@dataclass(slots=True)
class _Lease:
    """What this process may still admit of one subject, and what is `left` in Redis."""

    tokens: int = 0
    left: int = 0
    closed_until: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class RateLimiter:
    """All in one event loop. While Redis does not answer, each process admits a quarter of every limit by itself."""

    def __init__(self, redis: AsyncRedis) -> None:
        self._redis = redis
        self._script = redis.register_script(_TAKE)
        self._leases: defaultdict[RateLimit, dict[str, _Lease]] = defaultdict(dict)
        self._local = LocalBuckets()
        self._away_until = 0.0

    async def acquire(self, limit: RateLimit, subject: str) -> int:
        """Admit one request, and return how many are left at least. Asks Redis once for many requests of a large limit.
        Raises RateLimited."""
        lease = self._leases[limit].get(subject) or self._add(limit, subject)
        if lease.tokens < 1:
            async with lease.lock:
                if lease.tokens < 1:
                    await self._fill(lease, limit, subject)
                lease.tokens -= 1
                return lease.tokens + lease.left
        lease.tokens -= 1
        return lease.tokens + lease.left

    async def acquire_further(self, limit: RateLimit, subject: str, count: int) -> int:
        """Admit so many beside the one that `acquire` has just admitted, all or none, and return how many are left at
        least. With it they are never more than a full limit: one that counts as more takes what there is when nothing
        was sent for a minute. Raises RateLimited, which says when there is room for the whole request."""
        lease = self._leases[limit].get(subject) or self._add(limit, subject)
        async with lease.lock:
            needed = min(count, limit.per_minute - 1)
            held = min(lease.tokens, needed)
            lease.tokens -= held
            if held == needed:
                return lease.tokens + lease.left
            # The process that is asked next may hold nothing, and admits the request itself first.
            granted, left, wait = await self._take(limit, subject, needed - held, held + 1)
            if granted:
                lease.left = left
                return lease.tokens + left
            lease.tokens += held
        raise RateLimited(limit.name, limit.per_minute, ceil(wait), counts_as=count + 1)

    def check(self, limit: RateLimit, subject: str) -> None:
        """Raises RateLimited if `acquire` did a moment ago, and would again. Does not ask Redis."""
        lease = self._leases[limit].get(subject)
        if lease is not None and (wait := lease.closed_until - time.monotonic()) > 0:
            raise RateLimited(limit.name, limit.per_minute, ceil(wait))

    async def close(self) -> None:
        await self._redis.aclose()

    def _add(self, limit: RateLimit, subject: str) -> _Lease:
        leases = self._leases[limit]
        if len(leases) >= MAX_SUBJECTS:
            leases.clear()  # costs each subject at most a batch
        return leases.setdefault(subject, _Lease())

    async def _fill(self, lease: _Lease, limit: RateLimit, subject: str) -> None:
        """Raises RateLimited; until the time that it names Redis is not asked again."""
        wait = lease.closed_until - time.monotonic()
        if wait <= 0:
            lease.tokens, lease.left, wait = await self._take(limit, subject)
        if lease.tokens < 1:
            lease.closed_until = time.monotonic() + wait
            raise RateLimited(limit.name, limit.per_minute, ceil(wait))

    async def _take(
        self, limit: RateLimit, subject: str, exactly: int | None = None, others: int = 0
    ) -> tuple[int, int, float]:
        """Up to a batch, or `exactly` so many or none: how many are granted, how many are left, and if none is granted,
        seconds until they are there, with so many `others`."""
        if time.monotonic() >= self._away_until:
            # Of intervals that were rounded up, too, a minute has as many as the limit says.
            minute = limit.per_minute * limit.microseconds
            arguments = [limit.microseconds, minute, exactly or 1, exactly or limit.batch]
            try:
                taken = await self._script(keys=[keys.rate_limit(limit.name, subject)], args=arguments)
                granted, left, wait = cast(list[int], taken)
                return granted, left, wait / 1e6 + others * limit.interval
            except RedisError:
                self._away_until = time.monotonic() + _AWAY_SECONDS
        return self._local.take(limit, subject, exactly or 1, others)


class LocalBuckets:
    """The same algorithm for one process, with a quarter of the limit."""

    def __init__(self) -> None:
        self._arrivals: defaultdict[RateLimit, dict[str, float]] = defaultdict(dict)

    def take(self, limit: RateLimit, subject: str, count: int = 1, others: int = 0) -> tuple[int, int, float]:
        """So many or none, how many are left, seconds until there are so many, with so many `others`. Beside others, of
        more than there can be, as many as there can be, also if that is none. Nobody new is admitted while it is
        full."""
        arrivals = self._arrivals[limit]
        now, interval = time.monotonic(), limit.interval * LOCAL_SHARE
        behind = max(arrivals.get(subject, now) - now, 0.0)
        whole = max(_MINUTE, interval)
        room = whole - behind
        if others:
            count = min(count, int(whole / interval) - 1)
            if count < 1:
                return 1, 0, 0.0
        if room < count * interval - _ROUNDING_SECONDS:
            return 0, int(room / interval), min(whole, (count + others) * interval) - room
        if len(arrivals) >= MAX_SUBJECTS and subject not in arrivals:
            self._arrivals[limit] = arrivals = {each: at for each, at in arrivals.items() if at > now}
            if len(arrivals) >= MAX_SUBJECTS:
                return 0, 0, interval
        arrivals[subject] = now + behind + count * interval
        return count, int((room - count * interval) / interval), 0.0
