"""The Celery application and its composition root. TensorFlow is never imported here, only in trainers."""

import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable
from ctypes import c_bool
from multiprocessing.sharedctypes import RawValue
from typing import Any

from celery import Celery, bootsteps, signals

from models_store.errors import Unavailable
from models_store.jobs.queue import CONVERSION, EVALUATION, TRAINING, configure
from models_store.jobs.workers import Worker
from models_store.store import Store, open_store
from settings import Settings
from worker.jobs.conversion import Converter
from worker.jobs.evaluation import Evaluator
from worker.jobs.training import Supervisor

_BEAT_SECONDS = 3.0
_MAX_RETRIES = 2

log = logging.getLogger(__name__)
settings = Settings()
app = configure(Celery("trainyard"), settings.redis_url, settings.shutdown_seconds)
# Told to the pool's process, which was forked from this one and hears no signal of its own. Shared memory without a
# lock: a process killed while it holds one would leave it locked.
shutting_down = RawValue(c_bool, False)
supervisor: Supervisor
converter: Converter
evaluator: Evaluator


@app.task(name=TRAINING.task, max_retries=_MAX_RETRIES)
def train(experiment_id: str) -> None:
    supervisor.run(experiment_id)


@app.task(name=CONVERSION.task, max_retries=_MAX_RETRIES)
def convert(name: str) -> None:
    converter.run(name)


@app.task(name=EVALUATION.task, max_retries=_MAX_RETRIES)
def evaluate(experiment_id: str, dataset: str) -> None:
    evaluator.run(experiment_id, dataset)


def opened_store(role: str) -> Store:
    return open_store(settings.store_dir, settings.redis_url, settings.lease_seconds, settings.max_attempts, role)


def worker_name(main_pid: int) -> str:
    return f"{socket.gethostname()}:{main_pid}"


# -- the pool's process: it supervises -------------------------------------------------------------------------------


@signals.worker_process_init.connect
def start_supervisor(**_: Any) -> None:
    global supervisor, converter, evaluator  # noqa: PLW0603 - Celery offers a task nothing else to find its process's state by
    store = opened_store("supervisor")
    name = worker_name(os.getppid())
    supervisor = Supervisor(store.training_jobs, store.datasets, store.transfers, settings, name, is_shutting_down)
    converter = Converter(store.conversion_jobs, settings, name, is_shutting_down)
    evaluator = Evaluator(store, settings, name, is_shutting_down)


def is_shutting_down() -> bool:
    return bool(shutting_down.value)


@signals.worker_process_shutdown.connect
def stop_supervisor(**_: Any) -> None:
    supervisor.close()


# -- the main process: it consumes, beats and reconciles -------------------------------------------------------------


@signals.setup_logging.connect
def set_up_logging(**_: Any) -> None:
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


@signals.worker_ready.connect
def hear_shutdown(**_: Any) -> None:
    """Tell the supervisor of a shutdown when it begins: Celery's own signal comes after the soft time-out."""
    for number in (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT):
        signal.signal(number, _announcing(signal.getsignal(number)))


def _announcing(handler: Any) -> Callable[..., None]:
    def announce(*arguments: Any) -> None:
        shutting_down.value = True
        if callable(handler):
            handler(*arguments)

    return announce


class Upkeep(bootsteps.StartStopStep):
    """Beats for `GET /workers` and reconciles, on the worker's own timer: no thread that a fork could catch."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, parent: Any, **_: Any) -> None:
        self._store = opened_store("worker")
        self._worker = Worker(name=worker_name(os.getpid()), hostname=socket.gethostname(), pid=os.getpid())
        self._timers: list[Any] = []

    def start(self, parent: Any) -> None:
        self._timers = [
            parent.timer.call_repeatedly(_BEAT_SECONDS, self._beat),
            parent.timer.call_repeatedly(settings.reconcile_seconds, self._store.reconciler.sweep),
        ]
        self._beat()

    def stop(self, parent: Any) -> None:
        for timer in self._timers:
            timer.cancel()
        with contextlib.suppress(Unavailable):
            self._store.workers.leave(self._worker.name)

    def _beat(self) -> None:
        try:
            self._store.workers.beat(self._worker)
        except Unavailable as error:
            log.warning("no heartbeat: %s", error)


app.steps["worker"].add(Upkeep)
