"""A run in the dashboard "HParams" (tensorboard/plugins/hparams/plugin_data.proto and api.proto)."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from analysis.tensorboard.event_file import plugin_data
from analysis.tensorboard.protobuf import double, message, text, varint
from models_store.experiments.record import Status

_STATUS = {Status.SUCCEEDED: 1, Status.FAILED: 2, Status.CANCELLED: 2}
# Not of the training itself.
_OTHER = ("name", "notes", "tags")
_MAX_VALUES, _MAX_CHARACTERS = 500, 1_000


def session_start(wall_time: float, spec: Mapping[str, Any]) -> bytes:
    """`spec` is the document of one: its numbers, texts and truth values are the hyperparameters, by dotted paths: the
    first 500, of texts the first 1,000 characters."""
    leaves = ((path, value) for path, value in _leaves(spec, ()) if path not in _OTHER)
    values = (message(1, text(1, path), message(2, _value(value))) for path, value in islice(leaves, _MAX_VALUES))
    session = message(3, *values, double(5, wall_time))
    return plugin_data(wall_time, "_hparams_/session_start_info", "hparams", session)


def session_end(wall_time: float, status: Status) -> bytes:
    """`status` is one of those that are terminal."""
    session = message(4, varint(1, _STATUS[status]), double(2, wall_time))
    return plugin_data(wall_time, "_hparams_/session_end_info", "hparams", session)


def _value(value: str | float) -> bytes:
    """A `google.protobuf.Value`."""
    if isinstance(value, bool):
        return varint(4, value)
    return text(3, value[:_MAX_CHARACTERS]) if isinstance(value, str) else double(2, value)


def _leaves(value: Any, steps: tuple[str, ...]) -> Iterator[tuple[str, str | float]]:
    """Lists of plain values as one text; layers, as all lists of objects, are left to the text of the spec."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _leaves(each, (*steps, name))
    elif isinstance(value, list):
        if value and not any(isinstance(each, list | Mapping) for each in value):
            yield ".".join(steps), ", ".join(map(str, value))
    elif value is not None:
        yield ".".join(steps), value
