"""The Celery application of a worker and its composition root. TensorFlow is imported in trainers alone."""

import contextlib
import logging
import math
import os
import signal
import socket
from collections.abc import Callable
from ctypes import c_bool
from multiprocessing.sharedctypes import RawValue
from typing import Any, Final

from celery import Celery, bootsteps, signals
from celery.worker import state

from models_store.errors import StoreError, Unavailable
from models_store.files import PRIVATE_UMASK
from models_store.jobs.queue import CONVERSION, EVALUATION, SWEEP, TRAINING, configure
from models_store.jobs.workers import Worker
from models_store.owners.quota import Quota
from models_store.self_test import check_at_start
from models_store.store import Store, open_store
from settings import Settings
from standard_streams import lose_what_cannot_be_written
from worker.jobs.consumption import Consumption, Intake
from worker.jobs.supervisor import Supervisor
from worker.machine import Machine

BEAT_SECONDS = 5.0
_MAX_RETRIES = 2
# A shared task is one of every application in the process.
_TASK: Final = {"max_retries": _MAX_RETRIES, "shared": False}
_EXIT_DEAF = 1
_MIN_CHECKS = 3

log = logging.getLogger(__name__)


def __getattr__(name: str) -> Any:
    """Create `app`, which `celery -A worker.app` looks for, on first access: importing the module does nothing."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    lose_what_cannot_be_written()
    globals()["app"] = app = create_app(Settings())
    return app


def create_app(settings: Settings) -> Celery:
    """Build the application: the tasks, and what a worker's two processes do when they start and end."""
    os.umask(PRIVATE_UMASK)
    app = configure(Celery("trainyard"), settings.redis_url, settings.shutdown_seconds)
    pool = PoolProcess(settings)

    @app.task(name=TRAINING.task, **_TASK)
    def train(experiment_id: str) -> None:
        pool.supervisor.train(experiment_id)

    @app.task(name=CONVERSION.task, **_TASK)
    def convert(name: str) -> None:
        pool.supervisor.convert(name)

    @app.task(name=EVALUATION.task, **_TASK)
    def evaluate(experiment_id: str, dataset: str) -> None:
        pool.supervisor.evaluate(experiment_id, dataset)

    @app.task(name=SWEEP.task, **_TASK)
    def advance_sweep(sweep_id: str) -> None:
        pool.supervisor.advance_sweep(sweep_id)

    signals.worker_process_init.connect(pool.start, weak=False)
    signals.worker_process_shutdown.connect(pool.stop, weak=False)
    signals.worker_ready.connect(pool.announce_shutdown, weak=False)
    signals.setup_logging.connect(lambda **_: _set_up_logging(settings.log_level), weak=False)
    app.steps["worker"].add(type("Upkeep", (Upkeep,), {"settings": settings, "pool": pool}))
    return app


def _set_up_logging(level: str) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


def _open_store(settings: Settings, role: str) -> Store:
    quota = Quota(**settings.quota)
    return open_store(
        settings.store_dir, settings.redis_url, settings.lease_seconds, settings.max_attempts, role, quota
    )


def _worker_name(main_pid: int) -> str:
    return f"{socket.gethostname()}:{main_pid}"


class PoolProcess:
    """The process that Celery forks from the main one: it supervises."""

    supervisor: Supervisor

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # Set by the main process: the fork receives no signal of its own. Shared memory without a lock, because a
        # process killed while it holds one would leave it locked.
        self._shutting_down, self._giving_back = RawValue(c_bool, False), RawValue(c_bool, False)

    def start(self, **_: Any) -> None:
        store = _open_store(self._settings, "supervisor")
        name = _worker_name(os.getppid())
        self.supervisor = Supervisor(store, self._settings, name, self._must_give_back)
        self.supervisor.warm_up()

    def _must_give_back(self) -> bool:
        return bool(self._shutting_down.value or self._giving_back.value)

    def give_back(self, is_due: bool) -> None:
        """In the main process: have the supervisor return its job to the queue, and start none while `is_due`."""
        self._giving_back.value = is_due

    def stop(self, **_: Any) -> None:
        self.supervisor.close()

    def announce_shutdown(self, **_: Any) -> None:
        """In the main process: announce a shutdown as it begins. Celery's own signal comes after the soft time-out."""
        for number in (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT):
            signal.signal(number, self._announcing(signal.getsignal(number)))

    def _announcing(self, handler: Any) -> Callable[..., None]:
        def announce(*arguments: Any) -> None:
            self._shutting_down.value = True
            if callable(handler):
                handler(*arguments)

        return announce


class Upkeep(bootsteps.StartStopStep):
    """In the main process: heartbeats for `GET /workers`, on the worker's own timer, so that no thread is there to be
    caught by a fork; with each it notices whether it is to drain. A worker that does not consume ends, so that its
    supervisor starts another."""

    requires = ("celery.worker.components:Timer",)
    settings: Settings
    pool: PoolProcess

    def __init__(self, parent: Any, **_: Any) -> None:
        self._store = _open_store(self.settings, "worker")
        try:
            check_at_start(self.settings.store_dir)
        except Unavailable as error:
            raise SystemExit(str(error)) from error
        self._worker = Worker(name=_worker_name(os.getpid()), hostname=socket.gethostname(), pid=os.getpid())
        self._machine = Machine(self.settings.cuda_visible_devices, self.settings.cpu_devices)
        self._consumption = Consumption(
            max_checks=max(_MIN_CHECKS, math.ceil(self.settings.lease_seconds / BEAT_SECONDS))
        )
        self._intake = Intake(parent)
        self._timer: Any = None

    def start(self, parent: Any) -> None:
        self._forget_drain()
        self._timer = parent.timer.call_repeatedly(BEAT_SECONDS, self._beat)
        self._beat()

    def stop(self, parent: Any) -> None:
        if self._timer is not None:
            self._timer.cancel()
        with contextlib.suppress(Unavailable):
            self._store.workers.leave(self._worker.name)
        self._forget_drain()

    def _forget_drain(self) -> None:
        try:
            self._store.workers.drains.forget(self._worker.name)
        except StoreError as error:
            log.warning("a drain of worker %s was not forgotten: %s", self._worker.name, error)

    def _beat(self) -> None:
        draining = self._store.workers.drains.mode_of(self._worker.name)
        self.pool.give_back(draining == "give_back")
        try:
            if not self._consumes(draining is None):
                log.critical("messages wait and this worker is idle: it ends, to be started again")
                state.should_stop = _EXIT_DEAF
                self._store.workers.leave(self._worker.name)
                return
            self._store.workers.beat(self._machine.describe(self._worker))
        except Unavailable as error:
            log.warning("no heartbeat: %s", error)
        # Last: it asks the connection of the consumer, which may be lost, and is asked again with the next heartbeat.
        self._intake.set_open(draining is None)

    def _consumes(self, is_wanted: bool) -> bool:
        received = sum(state.total_count.values())
        waiting = self._store.queue.waiting() if is_wanted else 0
        return self._consumption.check(waiting, bool(state.reserved_requests), received)
