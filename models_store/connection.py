"""The one place that makes Redis clients, so that time-outs are the same everywhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

from models_store.errors import Unavailable

# A half-open server answers nothing at all: one read time-out must leave a POST under its 4 seconds.
SOCKET_SECONDS = 1.5
CONNECT_SECONDS = 1.0


def connect(url: str, name: str) -> Redis:
    """Return a client. A connection that the server closed is opened again once; a time-out is not tried again."""
    retry = Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
    return Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=SOCKET_SECONDS,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_keepalive=True,
        client_name=f"trainyard-{name}",
        retry=retry,
    )


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
