"""What MLflow is told of an experiment."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import accumulate
from typing import Any, NamedTuple

from trainyard.answers.experiments import Experiment, History
from trainyard.mlflow.tracking_server import Metric

ID_TAG = "trainyard.id"
_MAX_KEY, _MAX_PARAM, _MAX_TAG = 250, 6_000, 5_000
_STATUS = {"queued": "SCHEDULED", "succeeded": "FINISHED", "failed": "FAILED", "cancelled": "KILLED"}
# Tags of the run rather than parameters.
_OTHER = ("name", "notes", "tags")


class TrackedRun(NamedTuple):
    """Times are in milliseconds since 1970. `params` are the spec by dotted paths, layers and other lists as JSON;
    `metrics` those of the history by epoch, from 0, and those of the published network."""

    name: str
    status: str
    start_time: int
    end_time: int | None
    params: dict[str, str]
    tags: dict[str, str]
    metrics: list[Metric]

    @classmethod
    def of(cls, experiment: Experiment, history: History, url: str) -> "TrackedRun":
        """`url` is the address of the Trainyard."""
        start = _milliseconds(experiment.started_at or experiment.created_at)
        end = None if experiment.ended_at is None else _milliseconds(experiment.ended_at)
        return cls(
            name=experiment.name,
            status=_STATUS.get(experiment.status, "RUNNING"),
            start_time=start,
            end_time=end,
            params={_key(path): value[:_MAX_PARAM] for path, value in _leaves(experiment.spec, ()) if value},
            tags={name: value[:_MAX_TAG] for name, value in _tags(experiment, url).items() if value},
            metrics=[
                *_of_history(history, start, experiment.initial_epoch),
                *_of_published(experiment, start if end is None else end),
            ],
        )


def _tags(experiment: Experiment, url: str) -> dict[str, str | None]:
    return {
        ID_TAG: experiment.id,
        "trainyard.url": f"{url}/experiments/{experiment.id}",
        "trainyard.dataset": experiment.dataset,
        "trainyard.tags": ", ".join(experiment.tags),
        "trainyard.based_on": experiment.based_on,
        "trainyard.sweep": experiment.sweep,
        "trainyard.group": experiment.group,
        "trainyard.stop_reason": experiment.stop_reason,
        "trainyard.published_epoch": None if experiment.published_epoch is None else str(experiment.published_epoch),
        "mlflow.user": experiment.owner,
        "mlflow.note.content": experiment.notes,
        "mlflow.source.name": "trainyard",
        "mlflow.source.type": "JOB",
    }


def _of_history(history: History, start: int, initial_epoch: int) -> Iterator[Metric]:
    """Logged when their epochs ended: `start` is the beginning of `initial_epoch`. NaN for what was not finite."""
    ends = list(accumulate(history.seconds or [0.0] * len(history.epoch), initial=0.0))
    begin = ends[min(initial_epoch, len(ends) - 1)]
    for name, values in history.history.items():
        for epoch, value, end in zip(history.epoch, values, ends[1:], strict=True):
            timestamp = start + round((end - begin) * 1000)
            yield Metric(name, math.nan if value is None else value, timestamp, epoch)


def _of_published(experiment: Experiment, timestamp: int) -> Iterator[Metric]:
    """As they were evaluated at the end, on the validation and the test split."""
    if experiment.published_epoch is None:
        return
    values = {
        **{f"published_{name}": value for name, value in experiment.validation_metrics.items()},
        **{f"test_{name}": value for name, value in experiment.test_metrics.items()},
    }
    for name, value in values.items():
        if value is not None:
            yield Metric(name, value, timestamp, experiment.published_epoch)


def _leaves(value: Any, steps: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            if steps or name not in _OTHER:
                yield from _leaves(each, (*steps, name))
    elif value is not None and value != []:
        yield ".".join(steps), value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _key(path: str) -> str:
    """With the characters that all versions of MLflow take."""
    return re.sub(r"[^\w. -]", "_", path)[:_MAX_KEY]


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
