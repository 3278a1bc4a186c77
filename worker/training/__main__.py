"""`python -m worker.training EVENTS_FD PARENT NICENESS`: import TensorFlow, wait for one job on standard input, train
it, end."""

import importlib
import logging
import os
import sys
import threading
from typing import BinaryIO

from worker.jobs.parent_death import die_with_parent
from worker.training.control import Control
from worker.training.events import Job, Ready

log = logging.getLogger("trainer")


def import_tensorflow(niceness: int) -> None:
    """Import it in a thread of low priority, so that a spare takes little time from the trainer at work.

    Niceness belongs to the thread on Linux, and nobody but root can take it back; the main thread keeps its own.
    """
    imported = threading.Thread(target=_import, args=(niceness,), name="import")
    imported.start()
    imported.join()


def _import(niceness: int) -> None:
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
    importlib.import_module("worker.training.train")


def main(events: BinaryIO, jobs: BinaryIO, niceness: int) -> None:
    import_tensorflow(niceness)
    from worker.training.warmup import warm_up

    warm_up()
    control = Control(events, jobs)
    control.say(Ready())
    log.info("trainer %d is warm", os.getpid())
    line = control.first_line()
    if not line:
        return
    control.listen()
    from worker.training.train import run

    run(Job.model_validate_json(line), control)


if __name__ == "__main__":
    die_with_parent(int(sys.argv[2]))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with os.fdopen(int(sys.argv[1]), "wb", buffering=0) as events_pipe:
        main(events_pipe, sys.stdin.buffer, niceness=int(sys.argv[3]))
