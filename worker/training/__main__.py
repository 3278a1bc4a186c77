"""`python -m worker.training EVENTS_FD SUPERVISOR_PID NICENESS MAX_GROWTH_BYTES CPU_DEVICES`: import TensorFlow, then
train what comes, one experiment after the other, as long as each leaves the process as it was."""

import gc
import importlib
import logging
import os
import sys
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from worker.jobs.channel import Channel, connect
from worker.jobs.messages import Ready, TrainingJob

log = logging.getLogger("trainer")
# TensorFlow and Keras import these where they are installed, for functions that a trainer never calls: a quarter of the
# CPU time of the import and 200 MB.
UNUSED = ("IPython", "jax", "matplotlib", "pandas", "pyarrow")
# What cuts splits, what fits the temperature, and what Keras imports with the first export: no job waits for them.
IMPORTED_LATE = ("sklearn.model_selection", "scipy.optimize", "tf2onnx.convert")

# Back-to-back experiments follow within a second; after that its memory, also on the GPU, is worth more to others.
IDLE_SECONDS = 60.0


def import_tensorflow(niceness: int) -> None:
    """Import it in a thread of low priority, so that a spare takes little time from the trainer at work.

    Niceness belongs to the thread on Linux, and only root can lower it again; the main thread keeps its own.
    """
    thread = threading.Thread(target=_import, args=(niceness,), name="import")
    thread.start()
    thread.join()


def _import(niceness: int) -> None:
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
    with unavailable(UNUSED), without_garbage_collection():
        for name in ("worker.training.train", "worker.training.reuse", *IMPORTED_LATE):
            importlib.import_module(name)


@contextmanager
def unavailable(names: Collection[str]) -> Iterator[None]:
    """Let importing `names` raise ImportError meanwhile, as if they were not installed."""
    sys.modules.update(dict.fromkeys(names))  # type: ignore[arg-type]  # None is Python's own mark for that
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """What is created meanwhile lives as long as the process. To search it for garbage takes a fifth of the CPU time of
    a start."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def main(channel: Channel, niceness: int, max_growth_bytes: int, cpu_devices: int) -> None:
    import_tensorflow(niceness)
    from worker.training.replicas import split_processor
    from worker.training.reuse import Reuse
    from worker.training.train import run
    from worker.training.warmup import warm_up

    split_processor(cpu_devices)
    warm_up(is_alone=niceness == 0, is_awaited=channel.has_waiting)
    reuse = Reuse(max_growth_bytes)
    channel.report(Ready())
    log.info("trainer %d is warm", os.getpid())
    job = channel.receive(TrainingJob)
    while job is not None:
        log.info("trainer %d has received experiment %s", os.getpid(), job.experiment_id)
        if not run(job, channel) or not reuse.restore():
            return
        channel.report(Ready())
        log.info("trainer %d waits for another experiment", os.getpid())
        job = channel.receive(TrainingJob, IDLE_SECONDS)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with connect() as supervisor:
        main(supervisor, niceness=int(sys.argv[3]), max_growth_bytes=int(sys.argv[4]), cpu_devices=int(sys.argv[5]))
