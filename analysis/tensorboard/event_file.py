"""Event files of TensorBoard: TFRecords of `tensorflow.Event` messages (tensorflow/core/util/event.proto,
tensorflow/core/framework/summary.proto)."""

import struct
from collections.abc import Iterable, Mapping

from analysis.tensorboard.crc32c import crc32c
from analysis.tensorboard.protobuf import double, float32, message, text, varint

_MASK = 0xA282EAD8
_FLOAT, _STRING = 1, 7  # of tensorflow.DataType


def event_file(wall_time: float, events: Iterable[bytes]) -> bytes:
    """A file that begins at `wall_time`, in seconds since 1970, with these events in order of time."""
    version = double(1, wall_time) + text(3, "brain.Event:2")
    records = [version, *events]
    lengths = [struct.pack("<Q", len(record)) for record in records]
    fields = zip(lengths, _checksums(lengths), records, _checksums(records), strict=True)
    return b"".join(field for record in fields for field in record)


def scalars(wall_time: float, step: int, values: Mapping[str, float]) -> bytes:
    """Scalars by their tags, at one step. Values are stored in float32; NaN and infinities may be among them."""
    summary = [message(1, text(1, tag), float32(2, _as_float32(value))) for tag, value in values.items()]
    return double(1, wall_time) + varint(2, step) + message(5, *summary)


def markdown(wall_time: float, tag: str, content: str) -> bytes:
    """A text for the dashboard "Text"."""
    tensor = message(8, varint(1, _STRING), message(2), text(8, content))
    return _with_metadata(wall_time, tag, tensor, message(1, text(1, "text")))


def plugin_data(wall_time: float, tag: str, plugin: str, content: bytes) -> bytes:
    """A message of a plugin, whose own data is in the metadata alone."""
    empty = message(8, varint(1, _FLOAT), message(2, message(2, varint(1, 0))))
    return _with_metadata(wall_time, tag, empty, message(1, text(1, plugin), message(2, content)))


def _with_metadata(wall_time: float, tag: str, tensor: bytes, metadata: bytes) -> bytes:
    return double(1, wall_time) + message(5, message(1, text(1, tag), message(9, metadata), tensor))


def _as_float32(value: float) -> float:
    """struct.pack raises OverflowError for what float32 has no room for."""
    try:
        [rounded] = struct.unpack("<f", struct.pack("<f", value))
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    return float(rounded)


def _checksums(contents: list[bytes]) -> list[bytes]:
    """CRC-32C, masked, as in tensorflow/core/lib/hash/crc32c.h."""
    rotated = ((crc >> 15 | crc << 17 & 0xFFFFFFFF) for crc in crc32c(contents))
    return [struct.pack("<I", crc + _MASK & 0xFFFFFFFF) for crc in rotated]
