"""How much an owner may send, and how often an address may send keys that are not valid."""

import ipaddress
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import lru_cache

from starlette.types import Scope

from api.metrics import Metrics
from models_store.access.key import Key
from models_store.access.open_streams import OpenStreams
from models_store.access.rate_limits import RateLimit, RateLimiter
from models_store.errors import Exhausted, RateLimited, TooManyStreams
from settings import Settings
from specs.access import KeyScope

# In the scope of a request: headers of the answer (draft-ietf-httpapi-ratelimit-headers).
LIMIT_HEADERS = "trainyard.limit_headers"
_LEFT = b"ratelimit"
_SAFE_METHODS = ("GET", "HEAD")
_UPLOADS = {"/datasets", "/predict:batch"}
# What one customer of a network has.
_IPV6_PREFIX = 64
_STREAM_RETRY_SECONDS = 10


class RequestLimits:
    """The limits of one application. A limit of 0 is none. Owners are counted, not keys: a key creates others."""

    def __init__(self, limiter: RateLimiter, streams: OpenStreams, settings: Settings, metrics: Metrics) -> None:
        self._limiter = limiter
        self._streams = streams
        self._metrics = metrics
        self._max_streams = settings.max_streams
        self._read = RateLimit("read", settings.rate_read)
        self._write = RateLimit("write", settings.rate_write)
        self._upload = RateLimit("upload", settings.rate_upload)
        self._predict = RateLimit("predict", settings.rate_predict)
        self._failures = RateLimit("failed-keys", settings.rate_failed_keys)
        self._sign_ins = RateLimit("sign-ins", settings.rate_sign_ins)

    def check_address(self, scope: Scope) -> None:
        """Before what is expensive to verify. Raises RateLimited for an address that has sent too many invalid keys."""
        with self._counted(self._failures):
            self._limiter.check(self._failures, address_of(scope))

    async def count_failure(self, scope: Scope) -> None:
        """Raises RateLimited in place of the answer to an invalid key."""
        if self._failures.per_minute:
            await self._acquire(self._failures, address_of(scope))

    async def count_sign_in(self, scope: Scope) -> None:
        """One that begins, by address. Raises RateLimited."""
        if self._sign_ins.per_minute:
            await self._acquire(self._sign_ins, address_of(scope))

    async def count_request(self, scope: Scope, key: Key, needed: Sequence[str]) -> None:
        """Of a valid key. Raises RateLimited."""
        limit = self._limit_of(scope, needed)
        if not limit.per_minute:
            return
        policy = b'"%b";q=%d;w=60' % (limit.name.encode(), limit.per_minute)
        scope[LIMIT_HEADERS].append((b"ratelimit-policy", policy))
        left = 0
        try:
            left = await self._acquire(limit, key.owner)
        finally:
            _show_left(scope, limit, left)

    async def count_predictions(self, scope: Scope, key: Key, count: int) -> None:
        """Beside the one that `count_request` has counted, all or none. Raises RateLimited."""
        if not self._predict.per_minute:
            return
        with self._counted(self._predict):
            left = await self._limiter.acquire_further(self._predict, key.owner, count)
        _show_left(scope, self._predict, left)

    @asynccontextmanager
    async def stream(self, key: Key) -> AsyncIterator[None]:
        """While a stream of events is open, of which an owner may have a number at a time. Raises TooManyStreams."""
        async with self._streams.admit(key.owner, self._max_streams) as is_admitted:
            if not is_admitted:
                self._metrics.limited.labels("streams").inc()
                raise TooManyStreams(
                    f"{key.owner} has {self._max_streams} open streams of events, and may not have more; close one, or "
                    "follow several experiments with one: GET /events?ids=...",
                    _STREAM_RETRY_SECONDS,
                )
            yield

    async def count_rejected(self, limit: str, admitted: Awaitable[None]) -> None:
        """Raises what `admitted` raises."""
        try:
            await admitted
        except Exhausted:
            self._metrics.limited.labels(limit).inc()
            raise

    async def _acquire(self, limit: RateLimit, subject: str) -> int:
        with self._counted(limit):
            return await self._limiter.acquire(limit, subject)

    @contextmanager
    def _counted(self, limit: RateLimit) -> Iterator[None]:
        """What is limited in the block."""
        try:
            yield
        except RateLimited:
            self._metrics.limited.labels(limit.name).inc()
            raise

    def _limit_of(self, scope: Scope, needed: Sequence[str]) -> RateLimit:
        if scope["method"] in _SAFE_METHODS or list(needed) == [KeyScope.READ]:
            return self._read
        if getattr(scope.get("route"), "path", "") in _UPLOADS:
            return self._upload
        return self._predict if KeyScope.PREDICT in needed else self._write


def _show_left(scope: Scope, limit: RateLimit, left: int) -> None:
    """In the answer, in place of what was left before."""
    others = [each for each in scope[LIMIT_HEADERS] if each[0] != _LEFT]
    scope[LIMIT_HEADERS][:] = [*others, (_LEFT, b'"%b";r=%d' % (limit.name.encode(), left))]


def address_of(scope: Scope) -> str:
    """Of the socket, or as a proxy that the server trusts has named it; of IPv6 the network."""
    client = scope.get("client")
    return _network_of(client[0]) if client else ""


@lru_cache(1024)
def _network_of(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host[:64]
    if isinstance(address, ipaddress.IPv4Address):
        return host
    mapped = address.ipv4_mapped
    return str(mapped or ipaddress.ip_network((address.packed[:8] + bytes(8), _IPV6_PREFIX)))
