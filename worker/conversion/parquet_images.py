"""Images and labels in parquet files, as Hugging Face and pandas write them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from archives.errors import InvalidArchive
from archives.names import quote
from specs.problem import quantity
from worker.conversion.labels import Label, clean, is_missing, whole_number
from worker.conversion.members import ParquetFile
from worker.conversion.parquet_files import open_parquet
from worker.conversion.row_images import RowImage
from worker.conversion.split_names import split_of, table_split

_IMAGE = ("image", "img", "picture", "photo", "bytes", "image_bytes", "content", "data", "png", "jpg", "jpeg")
_LABEL = ("label", "labels", "class", "target", "category", "fine_label", "y", "species", "breed", "name")
_SPLIT = ("split", "set", "subset", "partition")
_ROWS = 16
_EXPECTED = (
    "expected a column `image` of the bytes of image files, or of {bytes, path} as Hugging Face has it, and a column "
    "`label` of text or integers; pack files and images into one archive if it only names them"
)


class _Columns(NamedTuple):
    """`names` are the classes that integers stand for, empty if they stand for themselves."""

    image: str
    label: str
    split: str | None
    names: tuple[str, ...]


def holds_images(file: ParquetFile) -> bool:
    """Whether it has the images, not only their names. Raises InvalidArchive."""
    with open_parquet(file) as table:
        return _choose(table.schema_arrow, _IMAGE, _holds_images) is not None


class ParquetImages:
    """The rows of a file that has the images."""

    def __init__(self, file: ParquetFile) -> None:
        self.path, self.name = file.path, file.name
        self._file = file

    def read_labels(self) -> Iterator[Label | None]:
        """Of all rows, in order; no image is read. Raises InvalidArchive."""
        with _reading(self._file) as (table, columns):
            for cells in _rows(table, [columns.label, *filter(None, [columns.split])]):
                yield _label(cells, columns, self._file)

    def read_images(self) -> Iterator[RowImage]:
        """All rows, in order, a few in memory at a time. Raises InvalidArchive."""
        file = self._file
        with _reading(file) as (table, columns):
            wanted = [columns.image, columns.label, *filter(None, [columns.split])]
            for number, cells in enumerate(_rows(table, wanted)):
                image = cells[columns.image]
                content, path = (image.get("bytes"), image.get("path")) if isinstance(image, dict) else (image, None)
                yield RowImage(
                    _label(cells, columns, file), clean(path or "") or f"{file.name}/{number}", content or b""
                )


@contextmanager
def _reading(file: ParquetFile) -> Iterator[tuple[pq.ParquetFile, _Columns]]:
    with open_parquet(file) as table:
        yield table, _find_columns(table.schema_arrow, file)


def _rows(table: pq.ParquetFile, columns: list[str]) -> Iterator[dict[str, Any]]:
    for batch in table.iter_batches(batch_size=_ROWS, columns=columns, use_threads=False):
        yield from batch.to_pylist()


def _label(cells: dict[str, Any], columns: _Columns, file: ParquetFile) -> Label | None:
    value, given = cells[columns.label], cells[columns.split] if columns.split else None
    if isinstance(value, float):
        value = whole_number(value, quote(file.name))
    # Hugging Face writes -1 where the label is secret.
    if value is None or (columns.names and value == -1) or is_missing(clean(str(value))):
        return None
    kind, found_as = table_split(file.name, file.common) if given is None else (split_of(str(given)), str(given))
    if kind is None and given is None:
        kind = "train"
    if kind is None:
        raise InvalidArchive(
            f"{quote(file.name)} has {quote(str(given))} in its column {quote(columns.split or '')}; expected train, "
            "validation or test"
        )
    if not columns.names:
        return None if kind == "unlabeled" else Label(kind, clean(str(value)), found_as)
    if not 0 <= value < len(columns.names):
        raise InvalidArchive(
            f"{quote(file.name)} has the label {value}, but names {quantity(len(columns.names), 'class', 'classes')}"
        )
    return None if kind == "unlabeled" else Label(kind, clean(columns.names[value]), found_as)


def _find_columns(schema: pa.Schema, file: ParquetFile) -> _Columns:
    image = _choose(schema, _IMAGE, _holds_images)
    label = _choose(schema, _LABEL, _holds_labels)
    if image is None or label is None:
        found = ", ".join(f"{field.name} ({str(field.type)[:40]})" for field in list(schema)[:10])
        raise InvalidArchive(f"{quote(file.name)} has the columns {found}; {_EXPECTED}")
    split = next((name for name in _SPLIT if name in schema.names and name != label), None)
    is_integer = pa.types.is_integer(_value_type(schema.field(label).type))
    return _Columns(image, label, split, _class_names(schema, label) if is_integer else ())


def _choose(schema: pa.Schema, known: Sequence[str], suits: Callable[[pa.DataType], bool]) -> str | None:
    """The first of the `known` names, or else the only column that suits."""
    suiting = [field.name for field in schema if suits(field.type)]
    named = [name for name in known if name in suiting]
    return named[0] if named else suiting[0] if len(suiting) == 1 else None


def _holds_images(kind: pa.DataType) -> bool:
    types, kind = pa.types, _value_type(kind)
    if types.is_struct(kind):
        return kind.get_field_index("bytes") >= 0 and _holds_images(kind.field("bytes").type)
    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind))


def _holds_labels(kind: pa.DataType) -> bool:
    types, kind = pa.types, _value_type(kind)
    is_number = types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)
    return bool(is_number or types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _value_type(kind: pa.DataType) -> pa.DataType:
    """Of categories that of their names."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _class_names(schema: pa.Schema, label: str) -> tuple[str, ...]:
    """From the metadata that Hugging Face's `datasets` writes; empty if there is none."""
    try:
        info = orjson.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        names = info["info"]["features"][label]["names"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ()
    return (
        tuple(map(str, names.values() if isinstance(names, dict) else names)) if isinstance(names, dict | list) else ()
    )
