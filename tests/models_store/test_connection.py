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


def test_client_says_what_it_is_for(valkey: Valkey) -> None:
    with connect(valkey.url, "test") as redis:
        assert redis.client_getname() == "trainyard-test"


def test_server_that_does_not_answer_is_given_up_in_time(own_valkey: Valkey) -> None:
    with connect(own_valkey.url, "test") as redis:
        redis.ping()
        own_valkey.pause()
        began = time.monotonic()
        with pytest.raises(RedisError):
            redis.ping()
        assert time.monotonic() - began < SOCKET_SECONDS + MARGIN_SECONDS
        own_valkey.resume()
        eventually(lambda: answers(redis), 5)


def test_of_many_callers_only_one_waits_for_a_server_that_does_not_answer(own_valkey: Valkey) -> None:
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


def test_server_that_is_not_there_is_given_up_in_time() -> None:
    with connect(f"redis://127.0.0.1:{free_port()}/0", "test") as redis:
        began = time.monotonic()
        with pytest.raises(RedisError):
            redis.ping()
        assert time.monotonic() - began < CONNECT_SECONDS + MARGIN_SECONDS


def test_connection_that_the_server_closed_is_opened_again_unnoticed(own_valkey: Valkey) -> None:
    with connect(own_valkey.url, "test") as redis:
        redis.ping()
        own_valkey.kill()
        own_valkey.restart()
        assert redis.set("key", "value")


def test_blocking_read_may_last_as_long_as_it_was_made_for(valkey: Valkey) -> None:
    async def read() -> object:
        redis = connect_async(valkey.url, "test", read_seconds=SOCKET_SECONDS)
        try:
            return await redis.xread({"stream": "0-0"}, block=int(SOCKET_SECONDS * 1000) + 200)
        finally:
            await redis.aclose()

    assert not asyncio.run(read())


def test_errors_of_redis_become_unavailable_and_others_stay() -> None:
    with pytest.raises(Unavailable, match=r"ResponseError.*try again"), require_redis():
        raise ResponseError("OOM")
    with pytest.raises(KeyError), require_redis():
        raise KeyError
