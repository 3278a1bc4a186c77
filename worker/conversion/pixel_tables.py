"""Tables of text that hold images: a column for each pixel, as in `label,pixel0,...`, or one that lists them."""

import csv
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

import numpy as np
from PIL import Image

from archives.errors import InvalidArchive
from archives.names import quote
from imaging.png import encode_png
from specs.problem import quantity
from worker.conversion.labels import Label
from worker.conversion.pixel_columns import PixelColumns, arrange, find_columns, read_pixels
from worker.conversion.row_images import RowImage
from worker.conversion.split_names import split_of
from worker.conversion.table_columns import plain_label
from worker.conversion.tables import find_delimiter

_MAX_CELL = 20_000_000  # characters: all pixels of an image may be in one
_SAMPLED = 100


class PixelTable:
    """Images of one size; `warnings` say what was guessed of them."""

    def __init__(self, path: Path, name: str, columns: PixelColumns, delimiter: str, warnings: tuple[str, ...]) -> None:
        self.path = path
        self.name = name
        self.shape = columns.shape
        self.warnings = warnings
        self._columns = columns
        self._delimiter = delimiter

    def read_labels(self) -> Iterator[Label | None]:
        """Of all rows, in order, None for those without one. Raises InvalidArchive."""
        for line, cells in self._rows():
            yield self._label(line, cells)

    def read_images(self) -> Iterator[RowImage]:
        """All rows, in order; what has no label has no content. Raises InvalidArchive."""
        for number, (line, cells) in enumerate(self._rows()):
            label = self._label(line, cells)
            yield RowImage(label, f"{self.name}/{number}", self._encode(line, cells) if label else b"")

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        columns = self._columns
        width = 1 + max(*columns.pixels, columns.label or 0, columns.split or 0)
        with _reading(self.path, self.name) as file:
            for line, cells in islice(_filled(file, self._delimiter), columns.skip, None):
                if len(cells) < width:
                    raise InvalidArchive(
                        f"{quote(self.name)}, line {line}: it has {quantity(len(cells), 'cell', 'cells')}, expected "
                        f"{width:,} as in the first one"
                    )
                yield line, cells

    def _label(self, line: int, cells: Sequence[str]) -> Label | None:
        columns = self._columns
        name = "" if columns.label is None else plain_label(cells[columns.label].strip())
        given = "" if columns.split is None else cells[columns.split].strip()
        found_as = given or self.name.rpartition("/")[2]
        kind = split_of(found_as if given else found_as.rpartition(".")[0])
        if given and kind is None:
            raise InvalidArchive(
                f"{quote(self.name)}, line {line}: {quote(given)} is no split; expected train, validation or test"
            )
        if not name or kind == "unlabeled":
            return None
        return Label(kind, name, found_as) if kind else Label("train", name)

    def _encode(self, line: int, cells: Sequence[str]) -> bytes:
        columns = self._columns
        try:
            values = read_pixels(cells, columns)
        except ValueError as error:
            raise InvalidArchive(f"{quote(self.name)}, line {line}: {error}") from error
        if len(values) != math.prod(columns.shape):
            raise InvalidArchive(
                f"{quote(self.name)}, line {line}: it has {len(values):,} values of pixels, expected "
                f"{math.prod(columns.shape):,} as in the first one"
            )
        image = arrange(values, columns)
        return encode_png(Image.fromarray(np.ascontiguousarray(image[..., 0] if columns.shape[2] == 1 else image)))


def open_pixel_table(path: Path, name: str) -> PixelTable | None:
    """None if it holds no pixels. Raises InvalidArchive for pixels that are no images, or without a clear label."""
    try:
        with _reading(path, name) as file:
            first = file.readline(_MAX_CELL)
            delimiter = find_delimiter(first)
            rows = [cells for _, cells in islice(_filled(chain([first], file), delimiter), _SAMPLED)]
    except _Unreadable:
        return None  # other readers say why
    columns = find_columns(rows, name)
    if columns is None:
        return None
    about: tuple[str, ...] = ()
    if columns.shape[2] > 1:
        order = "all red ones, then green, then blue" if columns.is_planar else "red, green and blue of each pixel"
        about = (f"the values of {quote(name)} are taken for colors in the order in which images are smooth: {order}",)
    return PixelTable(path, name, columns, delimiter, about)


class _Unreadable(InvalidArchive):
    pass


@contextmanager
def _reading(path: Path, name: str) -> Iterator[TextIO]:
    limit = csv.field_size_limit(_MAX_CELL)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except UnicodeDecodeError as error:
        raise _Unreadable(f"{quote(name)} is not UTF-8; save it as UTF-8") from error
    except csv.Error as error:
        raise _Unreadable(f"{quote(name)} does not parse as a table: {error}") from error
    finally:
        csv.field_size_limit(limit)


def _filled(lines: Iterator[str] | TextIO, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, each with its line in the file, from 1."""
    reader = csv.reader(lines, delimiter=delimiter)
    line = 1
    for cells in reader:
        if any(cells):
            yield line, cells
        line = reader.line_num + 1
