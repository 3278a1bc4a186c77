"""Redis clients, all with the same timeouts, and a circuit breaker."""

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

# A half-open server never answers: with one read timeout a POST must stay under its 4 seconds.
SOCKET_SECONDS = 1.5
CONNECT_SECONDS = 1.0
# After a timeout only one caller per second tries the server; the others fail at once.
_AWAY_SECONDS = 1.0


class Breaker:
    """A circuit breaker: while the server does not answer, only one of many callers waits for it at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed_until: float | None = None

    def admit(self) -> None:
        """Raises redis's ConnectionError while the breaker is open and it is not this caller's turn to try."""
        if self._closed_until is None:
            return
        with self._lock:
            now = time.monotonic()
            if self._closed_until is not None and now < self._closed_until:
                raise RedisConnectionError("Redis did not answer a moment ago")
            self._closed_until = now + CONNECT_SECONDS + SOCKET_SECONDS

    def record_answer(self) -> None:
        self._closed_until = None

    def record_timeout(self) -> None:
        self._closed_until = time.monotonic() + _AWAY_SECONDS


class _ReportingConnection(AbstractConnection):
    """A connection that reports to the breaker."""

    breaker: Breaker

    def connect(self) -> None:
        try:
            super().connect()  # type: ignore[no-untyped-call]  # redis-py has no types here
        except RedisTimeoutError:
            self.breaker.record_timeout()
            raise

    def read_response(self, *arguments: Any, **options: Any) -> Any:
        try:
            answer = super().read_response(*arguments, **options)
        except RedisTimeoutError:
            self.breaker.record_timeout()
            raise
        self.breaker.record_answer()
        return answer


class _GuardedPool(ConnectionPool):
    def __init__(self, connection_class: type[AbstractConnection] = Connection, **options: Any) -> None:
        self._breaker = Breaker()
        guarded = type("GuardedConnection", (_ReportingConnection, connection_class), {"breaker": self._breaker})
        super().__init__(guarded, **options)

    def get_connection(self, command_name: Any = None, *keys: Any, **options: Any) -> Connection:
        """redis-py passes deprecated arguments, and uses none of them."""
        self._breaker.admit()
        return super().get_connection()


def connect(url: str, name: str) -> Redis:
    """A client. A connection that the server closed is reopened once; a timeout is not retried, and makes all callers
    but one fail at once for a second."""
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


def connect_async(url: str, name: str, seconds: float) -> AsyncRedis:
    """A client whose commands fail after `seconds`: for blocking reads, or where nobody may wait long."""
    retry = AsyncRetry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
    return AsyncRedis.from_url(
        url,
        decode_responses=True,
        socket_timeout=seconds,
        socket_connect_timeout=min(CONNECT_SECONDS, seconds),
        socket_keepalive=True,
        client_name=f"trainyard-{name}",
        retry=retry,
    )


@contextmanager
def require_redis() -> Iterator[None]:
    """Turn redis's errors into Unavailable."""
    try:
        yield
    except RedisError as error:
        raise Unavailable(f"Redis cannot be reached ({type(error).__name__}); try again in a few seconds") from error
