import errno
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery

from models_store.jobs.drains import DRAINS_FILE
from models_store.jobs.queue import CONVERSION, EVALUATION, HARD_LIMIT_SECONDS, SWEEP, TRAINING
from models_store.store import Store
from settings import Settings
from specs import limits
from worker.app import PoolProcess, Upkeep, create_app


def printed_by(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_import_of_worker_loads_what_it_needs() -> None:
    heavy = "('tensorflow', 'keras', 'sklearn', 'scipy', 'api')"
    code = f"import sys, worker.app; print([m for m in {heavy} if m in sys.modules])"
    assert printed_by(code) == "[]"


def test_import_of_worker_does_nothing() -> None:
    """Settings that are invalid, and signals without receivers, show that neither is touched."""
    code = (
        "import os; os.environ['TRAINYARD_LEASE_SECONDS'] = 'many';"
        "import worker.app; from celery import signals;"
        "print('app' in vars(worker.app), signals.worker_process_init.receivers, signals.worker_ready.receivers)"
    )
    assert printed_by(code) == "False [] []"


def test_celery_finds_one_app_by_module_name() -> None:
    code = (
        "from celery.app.utils import find_app; import worker.app;"
        "app = find_app('worker.app'); print(type(app).__name__, app is worker.app.app)"
    )
    assert printed_by(code) == "Celery True"


def test_app_has_a_task_for_each_kind_of_job() -> None:
    app: Celery = create_app(Settings())
    own = {name for name in app.tasks if not name.startswith("celery.")}
    assert own == {TRAINING.task, CONVERSION.task, EVALUATION.task, SWEEP.task}


def test_no_app_takes_the_tasks_of_others() -> None:
    """Celery's tasks are shared by default: a later application would run those of the first one."""
    apps = [create_app(Settings()) for _ in range(3)]
    for kind in (TRAINING, CONVERSION, EVALUATION, SWEEP):
        assert [app.tasks[kind.task].app for app in apps] == apps
        assert len({app.tasks[kind.task].run for app in apps}) == len(apps)


def test_hard_limit_is_above_every_budget() -> None:
    assert HARD_LIMIT_SECONDS > limits.MINUTES * 60


def test_queue_settings_survive_long_tasks() -> None:
    conf = create_app(Settings()).conf
    options = conf.broker_transport_options
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost, conf.task_retry_on_worker_lost) == (True, False, True)
    assert (conf.task_ignore_result, conf.accept_content, conf.result_backend) == (True, ["json"], None)
    assert conf.worker_prefetch_multiplier == 1
    assert options["visibility_timeout"] > conf.task_time_limit
    assert options["socket_timeout"] is not None


class LostConsumer:
    """Of a worker whose connection is lost."""

    def __init__(self) -> None:
        self.task_consumer = SimpleNamespace(consuming_from=lambda _: True)

    def cancel_task_queue(self, _: str) -> None:
        raise ConnectionError("Connection closed by server.")


@pytest.fixture
def parent() -> SimpleNamespace:
    """Celery's worker, before it connects."""
    timer = SimpleNamespace(call_repeatedly=lambda *_: SimpleNamespace(cancel=lambda: None))
    return SimpleNamespace(consumer=None, timer=timer)


@pytest.fixture
def upkeep(store: Store, settings: Settings, parent: Any) -> Iterator[Upkeep]:
    members = {"settings": settings, "pool": PoolProcess(settings)}
    made: Upkeep = type("OneUpkeep", (Upkeep,), members)(parent)
    made.start(parent)
    yield made
    made.stop(parent)


def seen(store: Store) -> dict[str, Any]:
    return {each.name: each.draining for each in store.workers.alive()}


def test_worker_is_seen_whose_connection_is_lost(store: Store, upkeep: Upkeep, parent: Any) -> None:
    """It drains, and cannot yet tell its consumer."""
    [name] = seen(store)
    store.workers.leave(name)
    store.workers.drains.add(name, "give_back", lambda _: True)
    parent.consumer = LostConsumer()

    with pytest.raises(ConnectionError):
        upkeep._beat()

    assert seen(store) == {name: "give_back"}
    assert upkeep.pool._must_give_back()


def test_drained_worker_is_seen_while_disk_fails(store: Store, upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch) -> None:
    [name] = seen(store)
    store.workers.drains.add(name, "give_back", lambda _: True)
    upkeep._beat()
    read_bytes = Path.read_bytes

    def fail(path: Path) -> bytes:
        if path.name == DRAINS_FILE:
            raise OSError(errno.ESTALE, "Stale file handle")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", fail)
    upkeep._beat()

    assert seen(store) == {name: "give_back"}
    assert upkeep.pool._must_give_back()


def test_worker_of_a_drained_machine_starts_drained(store: Store, settings: Settings, parent: Any) -> None:
    store.workers.drains.add(socket.gethostname(), "give_back", lambda _: True)
    made: Upkeep = type("Later", (Upkeep,), {"settings": settings, "pool": PoolProcess(settings)})(parent)
    made.start(parent)

    assert list(seen(store).values()) == ["give_back"]
    assert made.pool._must_give_back()
    made.stop(parent)
    assert set(store.workers.drains.read()) == {socket.gethostname()}
