"""A consumer whose connection is reset exactly when it acknowledges a message."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from redis.exceptions import ConnectionError as RedisConnectionError

from models_store import keys
from models_store.connection import connect
from models_store.jobs.queue import TRAINING, Queue, configure
from tests.support.proxy import BadNetwork, bad_network
from tests.support.valkey import Valkey


@pytest.fixture
def proxy(valkey: Valkey) -> Iterator[BadNetwork]:
    with bad_network(valkey.port) as proxy:
        yield proxy


class Consumer:
    """Takes one message at a time, as a worker does."""

    def __init__(self, url: str) -> None:
        self.received: list[Any] = []
        app = configure(Celery("test"), url)
        self._connection = app.connection_for_read()
        consumer = app.amqp.TaskConsumer(self._connection)
        consumer.qos(prefetch_count=1)
        consumer.callbacks = [lambda body, message: self.received.append(message)]
        consumer.consume()

    def next(self) -> Any:
        count = len(self.received)
        while len(self.received) == count:
            self._connection.drain_events(timeout=10)
        return self.received[-1]

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def consumer(proxy: BadNetwork) -> Iterator[Consumer]:
    consumer = Consumer(proxy.url)
    yield consumer
    consumer.close()


@pytest.mark.parametrize("settle", ["ack", "reject", "requeue"])
def test_consumer_goes_on_after_a_reset(valkey: Valkey, proxy: BadNetwork, consumer: Consumer, settle: str) -> None:
    queue = Queue(valkey.url, connect(valkey.url, "test"))
    assert queue.enqueue(TRAINING, "first")
    assert queue.enqueue(TRAINING, "second")
    first = consumer.next()
    proxy.marker = b"unacked"
    if settle == "ack":
        first.ack_log_error(_Log(), (RedisConnectionError, OSError))
    else:
        first.reject(requeue=settle == "requeue")
    assert proxy.resets == 1

    second = consumer.next()
    second.ack()
    assert [each.payload[1]["experiment_id"] for each in consumer.received] == ["first", "second"]
    with valkey.client() as client:
        assert client.llen(keys.TRAININGS) == 0


class _Log:
    def critical(self, *_: object, **__: object) -> None:
        raise AssertionError("the reset was not expected to reach Celery")


def test_message_is_acknowledged_without_a_reset(valkey: Valkey, consumer: Consumer) -> None:
    queue = Queue(valkey.url, connect(valkey.url, "test"))
    assert queue.enqueue(TRAINING, "only")
    assert queue.waiting() == 1
    consumer.next().ack()
    with valkey.client() as client:
        assert client.hlen("unacked") == client.zcard("unacked_index") == 0
    assert queue.waiting() == 0
