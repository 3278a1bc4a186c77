"""The log directory of an experiment, as Keras's callback `TensorBoard` lays it out."""

import io
import json
import math
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime
from itertools import accumulate
from textwrap import indent

from analysis.tensorboard.event_file import event_file, markdown, scalars
from analysis.tensorboard.hyperparameters import session_end, session_start
from models_store.experiments.history import History
from models_store.experiments.record import Record

_VALIDATION = "val_"
_MAX_NAME = 60
_MAX_SPEC = 100_000  # characters; a spec has up to 2 MB
_SAME_TIME = (1980, 1, 1, 0, 0, 0)


def log_directory(record: Record, history: History) -> dict[str, bytes]:
    """Event files by their paths: `train` and `validation` have the metrics by epoch, from 0, `test` those of the
    published network, under the names of Keras (`epoch_loss`); the spec is beside them, as text of at most 100,000
    characters and as hyperparameters.

    Times are those at which epochs ended: the start of the experiment and the durations of its epochs. Epochs that it
    took over from another experiment lie before its start. What was not finite is NaN.
    """
    start = _seconds(record.started_at or record.created_at)
    ends = epoch_ends(start, record.initial_epoch, history.seconds)
    begin = min([start, *ends])
    runs = {
        ".": _of_run(record, start),
        "train": _of_split(history, ends, is_validation=False),
        "validation": _of_split(history, ends, is_validation=True),
        "test": _of_test(record),
    }
    files = {run: list(events) for run, events in runs.items()}
    name = f"events.out.tfevents.{int(_seconds(record.created_at))}.trainyard"
    return {
        "/".join((directory_name(record), *([] if run == "." else [run]), name)): event_file(begin, events)
        for run, events in files.items()
        if events
    }


def directory_name(record: Record) -> str:
    """The name of the experiment, reduced to what any file system takes, and the end of its id."""
    plain = re.sub(r"[^\w.-]+", "-", record.name)[:_MAX_NAME].strip("-.")
    return f"{plain or 'experiment'}-{record.id[-8:]}"


def zip_log_directory(record: Record, history: History) -> bytes:
    """The same for the same experiment and history."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in log_directory(record, history).items():
            archive.writestr(zipfile.ZipInfo(path, _SAME_TIME), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def epoch_ends(start: float, initial_epoch: int, seconds: list[float]) -> list[float]:
    """When each epoch ended, in seconds since 1970; `start` is the beginning of the epoch `initial_epoch`."""
    ends = list(accumulate(seconds, initial=start))
    shift = ends[min(initial_epoch, len(seconds))] - start
    return [end - shift for end in ends[1:]]


def _of_run(record: Record, start: float) -> Iterator[bytes]:
    yield markdown(start, "spec", _as_code(record))
    yield session_start(start, record.spec.document)
    if record.status.is_terminal:
        yield session_end(_seconds(record.ended_at or record.created_at), record.status)


def _as_code(record: Record) -> str:
    """The spec as a block of code in Markdown."""
    lines = indent(json.dumps(record.spec.document, ensure_ascii=False, indent=2), "    ")
    if len(lines) <= _MAX_SPEC:
        return lines
    return f"{lines[:_MAX_SPEC]}\n\nShortened: `GET /experiments/{record.id}` has all of it."


def _of_split(history: History, ends: list[float], is_validation: bool) -> Iterator[bytes]:
    for point, end in zip(history.points, ends, strict=True):
        values = {
            f"epoch_{name.removeprefix(_VALIDATION)}": math.nan if value is None else value
            for name, value in point.metrics.items()
            if name.startswith(_VALIDATION) == is_validation
        }
        if values:
            yield scalars(end, point.epoch, values)


def _of_test(record: Record) -> Iterator[bytes]:
    values = {f"epoch_{name}": value for name, value in record.test_metrics.items() if value is not None}
    if values and record.published_epoch is not None:
        yield scalars(_seconds(record.ended_at or record.created_at), record.published_epoch, values)


def _seconds(moment: datetime) -> float:
    return moment.timestamp()
