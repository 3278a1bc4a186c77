"""The one place that makes Redis clients, so that time-outs are the same everywhere."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis import ConnectionPool, Redis
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.connection import AbstractConnection, Connection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from models_store.errors import Unavailable

# A half-open server answers nothing at all: one read time-out must leave a POST under its 4 seconds.
SOCKET_SECONDS = 1.5
CONNECT_SECONDS = 1.0
# After a time-out nobody waits for the server, but for one caller each second who tries it.
_AWAY_SECONDS = 1.0


class Breaker:
    """Remembers that the server did not answer, so that of many callers only one waits for it at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed_until: float | None = None

    def admit(self) -> None:
        """Raise redis's ConnectionError while the server is away and it is not this caller's turn to try it."""
        if self._closed_until is None:
            return
        with self._lock:
            now = time.monotonic()
            if self._closed_until is not None and now < self._closed_until:
                raise RedisConnectionError("Redis did not answer a moment ago")
            self._closed_until = now + CONNECT_SECONDS + SOCKET_SECONDS

    def answered(self) -> None:
        self._closed_until = None

    def timed_out(self) -> None:
        self._closed_until = time.monotonic() + _AWAY_SECONDS


class _Noticing(AbstractConnection):
    """A connection that tells the breaker how it went."""

    breaker: Breaker

    def connect(self) -> None:
        try:
            super().connect()  # type: ignore[no-untyped-call]  # redis-py has no types here
        except RedisTimeoutError:
            self.breaker.timed_out()
            raise

    def read_response(self, *arguments: Any, **options: Any) -> Any:
        try:
            answer = super().read_response(*arguments, **options)
        except RedisTimeoutError:
            self.breaker.timed_out()
            raise
        self.breaker.answered()
        return answer


class _GuardedPool(ConnectionPool):
    def __init__(self, connection_class: type[AbstractConnection] = Connection, **options: Any) -> None:
        self._breaker = Breaker()
        noticing = type("NoticingConnection", (_Noticing, connection_class), {"breaker": self._breaker})
        super().__init__(noticing, **options)

    def get_connection(self, command_name: Any = None, *keys: Any, **options: Any) -> Connection:
        """redis-py passes what it calls deprecated, and uses none of it."""
        self._breaker.admit()
        return super().get_connection()


def connect(url: str, name: str) -> Redis:
    """Return a client. A connection that the server closed is opened again once; a time-out is not tried again, and
    makes all callers fail at once for a second, but for one that tries."""
    retry = Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
    pool = _GuardedPool.from_url(
        url,
        decode_responses=True,
        socket_timeout=SOCKET_SECONDS,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_keepalive=True,
        client_name=f"trainyard-{name}",
        retry=retry,
    )
    return Redis(connection_pool=pool)


def connect_async(url: str, name: str, read_seconds: float) -> AsyncRedis:
    """Return a client for blocking reads of at most `read_seconds`."""
    retry = AsyncRetry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
    return AsyncRedis.from_url(
        url,
        decode_responses=True,
        socket_timeout=read_seconds + SOCKET_SECONDS,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_keepalive=True,
        client_name=f"trainyard-{name}",
        retry=retry,
    )


@contextmanager
def redis_needed() -> Iterator[None]:
    """Turn redis's errors into Unavailable."""
    try:
        yield
    except RedisError as error:
        raise Unavailable(f"the live view is away ({type(error).__name__}); try again in a few seconds") from error
