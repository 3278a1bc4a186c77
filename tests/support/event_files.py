"""Event files as TensorFlow itself reads them, with their checksums."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import tensorflow as tf
from tensorflow.core.util import event_pb2


class Scalar(NamedTuple):
    step: int
    wall_time: float
    value: float


def read_events(path: Path) -> list[Any]:
    """`tensorflow.Event` messages; `tf.errors.DataLossError` where a checksum is wrong."""
    records = tf.data.TFRecordDataset([str(path)])
    return [event_pb2.Event.FromString(record.numpy()) for record in records]


def read_scalars(folder: Path) -> dict[str, list[Scalar]]:
    """By their tags, of the only event file in `folder`."""
    found: dict[str, list[Scalar]] = {}
    for event in read_events(only_file(folder)):
        for value in event.summary.value:
            if value.HasField("simple_value"):
                found.setdefault(value.tag, []).append(Scalar(event.step, event.wall_time, value.simple_value))
    return found


def read_tensors(folder: Path) -> dict[str, tuple[str, bytes, list[bytes]]]:
    """Texts and data of plugins by their tags: the plugin, its content, and the strings."""
    return {
        value.tag: (value.metadata.plugin_data.plugin_name, value.metadata.plugin_data.content, list(strings))
        for value in _values(folder)
        if value.HasField("tensor")
        for strings in [value.tensor.string_val]
    }


def _values(folder: Path) -> Iterator[Any]:
    return (value for event in read_events(only_file(folder)) for value in event.summary.value)


def only_file(folder: Path) -> Path:
    [file] = [path for path in folder.iterdir() if path.is_file()]
    return file
