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
from worker.conversion.image_index import ImageIndex
from worker.conversion.labels import Label
from worker.conversion.pixel_columns import PixelColumns, arrange, find_columns, read_pixels
from worker.conversion.row_images import RowImage
from worker.conversion.split_names import split_of, table_split
from worker.conversion.table_columns import LABEL_HEADERS, header_key, is_of_files, plain_label
from worker.conversion.tables import find_delimiter

_MAX_CELL = 20_000_000  # characters: all pixels of an image may be in one
_SAMPLED = 100


class PixelTable:
    """Images of one size; `warnings` say what was guessed of them. `common` folders of `name` are around all tables."""

    def __init__(self, path: Path, name: str, columns: PixelColumns, delimiter: str, common: int) -> None:
        self.path = path
        self.name = name
        self.shape = columns.shape
        self.warnings = tuple(_about_guesses(name, columns))
        self._named_split = table_split(name, common)
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
        kind, found_as = (split_of(given), given) if given else self._named_split
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


def open_pixel_table(path: Path, name: str, common: int = 0, index: ImageIndex | None = None) -> PixelTable | None:
    """None if it holds no pixels, or if it names images of the `index`. Raises InvalidArchive for pixels that are no
    images, or without a clear label."""
    try:
        with _reading(path, name) as file:
            first = file.readline(_MAX_CELL)
            delimiter = find_delimiter(first)
            rows = [cells for _, cells in islice(_filled(chain([first], file), delimiter), _SAMPLED)]
    except _Unreadable:
        return None  # other readers say why
    if index is not None and _names_images(rows, index):
        return None

    def varies(column: int) -> bool:
        with _reading(path, name) as file:
            cells = (cells[column] for _, cells in islice(_filled(file, delimiter), 1, None) if column < len(cells))
            first = next(cells, "")
            return any(cell != first for cell in cells)

    columns = find_columns(rows, name, varies)
    return PixelTable(path, name, columns, delimiter, common) if columns else None


def _names_images(rows: Sequence[Sequence[str]], index: ImageIndex) -> bool:
    """Whether a column names images of the `index`. Numbers and labels do so by chance: a column of names without
    suffixes counts if most of it does, and if the header says that it has files, or if it has other names in all
    `rows`."""
    for column, header in enumerate(rows[0] if rows else ()):
        cells = [row[column] for row in rows[1:] if column < len(row)]
        found = [cell for cell in cells if index.find(cell)]
        names = [cell for cell in found if not _is_number(cell)]
        if any("." in name for name in names):
            return True
        are_distinct = bool(names) and len(set(found)) == len(found) and header_key(header) not in LABEL_HEADERS
        if 2 * len(found) > len(cells) and (is_of_files(header) or are_distinct):
            return True
    return False


def _is_number(text: str) -> bool:
    return text.strip().replace(".", "", 1).isdecimal()


def _about_guesses(name: str, columns: PixelColumns) -> Iterator[str]:
    if columns.is_guessed and columns.label is not None:
        header = "label,pixels" if columns.is_list else "label,pixel0,pixel1,..."
        yield (
            f"{quote(name)} has no header: column {columns.label + 1} is taken for the labels; if this is wrong, add a "
            f"header, such as {header}"
        )
    if columns.shape[2] > 1:
        order = "all red ones, then green, then blue" if columns.is_planar else "red, green and blue of each pixel"
        yield f"the values of {quote(name)} are taken for colors in the order in which images are smooth: {order}"


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
