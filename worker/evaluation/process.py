"""The process of an evaluation: receives the job, reports progress and the result."""

import logging
import time

from models_store.errors import StoreError
from models_store.evaluations.record import SamplesDone
from models_store.experiments.points import MetricValues
from models_store.jobs.failure import Failure
from worker.data import DatasetUnavailable
from worker.evaluation.cross_dataset import evaluate
from worker.jobs.channel import Channel
from worker.jobs.messages import Advanced, EvaluationJob, Failed, Finished

_REPORT_SECONDS = 0.5

log = logging.getLogger("worker.evaluation")


class Progress:
    """Reported now and then, because each report is written to disk."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._due = time.monotonic()

    def __call__(self, progress: SamplesDone) -> None:
        if time.monotonic() >= self._due:
            self._channel.report(Advanced(progress=progress))
            self._due = time.monotonic() + _REPORT_SECONDS


def run(job: EvaluationJob, channel: Channel) -> Finished[MetricValues] | Failed:
    """Evaluate. An error is logged with its traceback and reported: a second attempt would meet it again. What kills
    the process reports nothing; the supervisor notices."""
    try:
        return Finished(result=evaluate(job, Progress(channel)))
    except DatasetUnavailable as error:
        failure = Failure(type="dataset_unavailable", message=str(error))
    except StoreError as error:
        failure = Failure(type="damaged", message=str(error))
    except Exception as error:
        log.exception("the evaluation on %s failed", job.facts.name)
        failure = Failure(type="internal", message=f"{type(error).__name__}: {error}")
    return Failed(failure=failure)


def main(channel: Channel) -> None:
    job = channel.receive(EvaluationJob)
    if job is not None:
        channel.report(run(job, channel))
