import base64
import time

import orjson
import pytest
from redis import Redis

from models_store import keys
from models_store.jobs.queue import HARD_LIMIT_SECONDS, TRAINING, configure
from models_store.store import Store
from specs import limits
from tests.support.valkey import Valkey

WAKE_SECONDS = 4.0


def test_messages_wait_in_the_queue(store: Store) -> None:
    assert (store.queue.depth(TRAINING), store.queue.pending(TRAINING)) == (0, set())
    for experiment_id in ("a", "b", "b"):
        store.queue.enqueue(TRAINING, experiment_id)
    assert (store.queue.depth(TRAINING), store.queue.pending(TRAINING)) == (3, {("a",), ("b",)})


def test_message_is_json_with_the_job_name(store: Store, valkey: Valkey) -> None:
    store.queue.enqueue(TRAINING, "a")
    with valkey.client() as client:
        [message] = client.lrange(keys.TRAININGS, 0, -1)
    message = orjson.loads(message)
    assert message["content-type"] == "application/json"
    assert message["headers"]["task"] == TRAINING.task
    assert message["headers"]["ignore_result"] is True
    arguments, named, _ = orjson.loads(base64.b64decode(message["body"]))
    assert (arguments, named) == ([], {"experiment_id": "a"})


@pytest.mark.parametrize(
    "garbage",
    [
        b"garbage",
        b"",
        b"{}",
        b"[]",
        b"7",
        b'{"body": 7}',
        b'{"body": "not base 64!"}',
        b'{"body": "e30="}',
        b'{"body": "W10="}',
        b'{"body": "W1tdLCBbXV0="}',
        orjson.dumps({"body": base64.b64encode(b'[[], {"experiment_id": ["a list"]}, {}]').decode()}),
        b"\x80\x04K\x01.",
        b"\xff\xfe",
    ],
)
def test_unreadable_message_is_skipped(store: Store, valkey: Valkey, garbage: bytes) -> None:
    with Redis.from_url(valkey.url) as client:
        client.lpush(keys.TRAININGS, garbage)
    store.queue.enqueue(TRAINING, "a")
    assert store.queue.pending(TRAINING) == {("a",)}


def test_messages_of_killed_workers_are_forgotten(store: Store, valkey: Valkey) -> None:
    """Those that were received long ago: one that was received just now may be settled yet."""
    received = {"old": time.time() - 1000, "new": time.time()}
    with Redis.from_url(valkey.url, decode_responses=True) as client:
        client.zadd("unacked_index", received)
        client.hset("unacked", mapping=dict.fromkeys(received, "[]"))
        assert store.queue.forget_unsettled(older_than=500) == 1
        assert (client.hkeys("unacked"), client.zrange("unacked_index", 0, -1)) == (["new"], ["new"])
        assert store.queue.forget_unsettled(older_than=500) == 0
        client.delete("unacked", "unacked_index")


@pytest.mark.parametrize("fault", ["kill", "pause"])
def test_enqueue_without_redis_ends_in_time(own_store: Store, own_valkey: Valkey, fault: str) -> None:
    assert own_store.queue.enqueue(TRAINING, "before")  # which a killed server may forget
    getattr(own_valkey, fault)()
    began = time.monotonic()
    assert not own_store.queue.enqueue(TRAINING, "during")
    assert time.monotonic() - began < WAKE_SECONDS
    own_valkey.restart() if fault == "kill" else own_valkey.resume()
    assert own_store.queue.enqueue(TRAINING, "after")
    assert ("after",) in own_store.queue.pending(TRAINING)


def test_settings_keep_messages_safe() -> None:
    from celery import Celery

    app = configure(Celery("test"), "redis://127.0.0.1:1/0")
    assert app.conf.broker_transport_options["visibility_timeout"] > app.conf.task_time_limit
    assert app.conf.task_time_limit == HARD_LIMIT_SECONDS > limits.MINUTES * 60
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_acks_late
    assert app.conf.task_ignore_result
