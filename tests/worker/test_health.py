"""The health check of a worker's container, asked as an engine does."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from socket import gethostname

import pytest

from models_store.connection import connect
from models_store.events import EventLog
from models_store.jobs.drains import Drains
from models_store.jobs.workers import Worker, Workers
from tests.support.valkey import Valkey


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path)
    server.start()
    yield server
    server.stop()


def exit_status(valkey: Valkey) -> int:
    environment = {**os.environ, "REDIS_URL": valkey.url}
    return subprocess.run([sys.executable, "-m", "worker.health"], env=environment, check=False).returncode


def test_worker_with_a_heartbeat_is_healthy(valkey: Valkey, tmp_path: Path) -> None:
    redis = connect(valkey.url, "test")
    workers = Workers(redis, EventLog(redis), Drains(tmp_path))
    workers.beat(Worker(name="celery@elsewhere", hostname="elsewhere", pid=1))
    assert exit_status(valkey) == 1
    workers.beat(Worker(name=f"celery@{gethostname()}", hostname=gethostname(), pid=1))
    assert exit_status(valkey) == 0
    workers.leave(f"celery@{gethostname()}")
    assert exit_status(valkey) == 1


def test_worker_without_redis_is_healthy(valkey: Valkey) -> None:
    valkey.kill()
    assert exit_status(valkey) == 0
