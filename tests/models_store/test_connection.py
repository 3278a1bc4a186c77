import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis
from redis.exceptions import RedisError, ResponseError

from models_store.connection import CONNECT_SECONDS, SOCKET_SECONDS, connect, connect_async, require_redis
from models_store.errors import Unavailable
from tests.support.valkey import Valkey, free_port
from tests.support.waiting import eventually

MARGIN_SECONDS = 1.0


def test_client_has_a_name(valkey: Valkey) -> None:
    with connect(valkey.url, "test") as redis:
        assert redis.client_getname() == "trainyard-test"


def test_silent_server_times_out(own_valkey: Valkey) -> None:
    with connect(own_valkey.url, "test") as redis:
        redis.ping()
        own_valkey.pause()
        began = time.monotonic()
        with pytest.raises(RedisError):
            redis.ping()
        assert time.monotonic() - began < SOCKET_SECONDS + MARGIN_SECONDS
        own_valkey.resume()
        eventually(lambda: answers(redis))


def test_one_of_many_callers_waits_for_silent_server(own_valkey: Valkey) -> None:
    with connect(own_valkey.url, "test") as redis:
        redis.ping()
        own_valkey.pause()
        assert not answers(redis)
        with ThreadPoolExecutor(30) as pool:
            began = time.monotonic()
            answered = [each.result() for each in [pool.submit(answers, redis) for _ in range(90)]]
        assert not any(answered)
        assert time.monotonic() - began < SOCKET_SECONDS + MARGIN_SECONDS


def answers(redis: Redis) -> bool:
    try:
        return bool(redis.ping())
    except RedisError:
        return False


def test_missing_server_times_out() -> None:
    with connect(f"redis://127.0.0.1:{free_port()}/0", "test") as redis:
        began = time.monotonic()
        with pytest.raises(RedisError):
            redis.ping()
        assert time.monotonic() - began < CONNECT_SECONDS + MARGIN_SECONDS


def test_closed_connection_is_reopened(own_valkey: Valkey) -> None:
    with connect(own_valkey.url, "test") as redis:
        redis.ping()
        own_valkey.kill()
        own_valkey.restart()
        assert redis.set("key", "value")


def test_blocking_read_lasts_its_read_seconds(valkey: Valkey) -> None:
    async def read() -> object:
        redis = connect_async(valkey.url, "test", seconds=2 * SOCKET_SECONDS)
        try:
            return await redis.xread({"stream": "0-0"}, block=int(SOCKET_SECONDS * 1000) + 200)
        finally:
            await redis.aclose()

    assert not asyncio.run(read())


def test_only_redis_errors_become_unavailable() -> None:
    with pytest.raises(Unavailable, match=r"ResponseError.*try again"), require_redis():
        raise ResponseError("OOM")
    with pytest.raises(KeyError), require_redis():
        raise KeyError
