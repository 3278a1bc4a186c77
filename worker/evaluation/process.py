"""One evaluation: told on standard input, done, and said on standard output how it goes."""

import logging
import os
import sys
import time

from models_store.errors import StoreError
from models_store.evaluations.record import SamplesDone
from worker.data import DatasetUnavailable
from worker.evaluation.cross_dataset import evaluate
from worker.evaluation.messages import Advanced, Evaluated, EvaluationEvent, EvaluationJob, Rejected

_SAY_SECONDS = 0.5

log = logging.getLogger("worker.evaluation")


def say(event: EvaluationEvent) -> None:
    os.write(sys.stdout.fileno(), event.model_dump_json().encode() + b"\n")


class Progress:
    """Said now and then: each word is written to the disk."""

    def __init__(self) -> None:
        self._due = time.monotonic()

    def __call__(self, progress: SamplesDone) -> None:
        if time.monotonic() >= self._due:
            say(Advanced(progress=progress))
            self._due = time.monotonic() + _SAY_SECONDS


def run(job: EvaluationJob) -> EvaluationEvent:
    """An error is logged with its traceback and said: a second attempt would meet it, too. What kills the process says
    nothing; the worker notices."""
    try:
        return Evaluated(metrics=evaluate(job, Progress()))
    except (DatasetUnavailable, StoreError) as error:
        return Rejected(reason=str(error))
    except Exception as error:
        log.exception("the evaluation on %s failed", job.facts.name)
        return Rejected(reason=f"{type(error).__name__}: {error}")


def main() -> None:
    say(run(EvaluationJob.model_validate_json(sys.stdin.buffer.readline())))
