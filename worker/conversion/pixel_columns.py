"""Which columns of a table hold the pixels of images and their labels, and the shape of these images."""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archives.errors import InvalidArchive
from archives.names import quote
from worker.conversion.split_names import split_of
from worker.conversion.table_columns import FILE_HEADERS, LABEL_HEADERS, SPLIT_HEADERS, header_key

_MIN_PIXELS = 16
_NUMBER = re.compile("[0-9]+")
_INTEGER = re.compile(r"\s*[0-9]+(\.0*)?\s*")
_NUMERIC = re.compile(r"\s*[0-9]+(\.[0-9]*)?\s*")
_LIST = re.compile(r"\s*[\[(]?\s*[0-9.]+(?:[\s,;]+[0-9.]+){15,}\s*[\])]?\s*")
_BETWEEN = re.compile(r"[\s,;\[\]()]+")
_ROW_AND_COLUMN = re.compile("[a-z_]*([0-9]+)[x_]([0-9]+)", re.IGNORECASE)
_WHITE = 255
_EXPECTED = "expected as many as a square image has, such as 784 of 28 x 28, or three times as many, of colors"
Shape = tuple[int, int, int]
Rows = Sequence[Sequence[str]]


class PixelColumns(NamedTuple):
    """Numbers of columns. `pixels` are one that lists them if `is_list`, or one for each. `shape` is (height, width,
    channels); if `is_planar`, all values of a color follow one another. The first `skip` rows are headers; without one
    the label `is_guessed`."""

    pixels: tuple[int, ...]
    label: int | None
    split: int | None
    is_list: bool
    skip: int
    shape: Shape
    is_planar: bool = False
    is_guessed: bool = False


def find_columns(rows: Rows, name: str, varies: Callable[[int], bool]) -> PixelColumns | None:
    """From the first `rows` of the table `name`; None if it holds no pixels. `varies` returns whether the
    values of a column differ, in all rows below the first. Raises InvalidArchive."""
    found = _find_list(rows, name) or _find_numbered(rows, name, varies)
    if found is None or found.shape[2] == 1:
        return found
    return found._replace(is_planar=_are_planar(rows[found.skip :], found))


def read_pixels(cells: Sequence[str], columns: PixelColumns) -> NDArray[np.uint8]:
    """Raises ValueError for other values than whole numbers from 0 to 255."""
    if columns.is_list:
        values = list(filter(None, _BETWEEN.split(cells[columns.pixels[0]])))
    else:
        values = [cells[column] for column in columns.pixels]
    try:
        return np.frombuffer(bytes(map(int, values)), dtype=np.uint8)
    except ValueError:
        return np.array([_whole(value) for value in values], dtype=np.uint8)


def arrange(values: NDArray[np.uint8], columns: PixelColumns) -> NDArray[np.uint8]:
    """As an image of `columns.shape`."""
    height, width, channels = columns.shape
    if columns.is_planar:
        return values.reshape(channels, height, width).transpose(1, 2, 0)
    return values.reshape(columns.shape)


def _whole(value: str) -> int:
    number = float(value) if _NUMERIC.fullmatch(value) else -1.0
    if not number.is_integer() or not 0 <= number <= _WHITE:
        raise ValueError(
            f"{quote(value)} is no value of a pixel; expected whole numbers from 0 to {_WHITE}; multiply fractions by "
            f"{_WHITE} and round them"
        )
    return int(number)


def _find_list(rows: Rows, name: str) -> PixelColumns | None:
    """A column with all pixels of an image in each cell, as `emotion,pixels,Usage` has it."""
    listing = [column for column, cell in enumerate(rows[-1] if rows else ()) if _LIST.fullmatch(cell)]
    if len(listing) != 1 or len(rows[0]) <= listing[0]:
        return None
    skip = 0 if _LIST.fullmatch(rows[0][listing[0]]) else 1
    count = len(list(filter(None, _BETWEEN.split(rows[-1][listing[0]]))))
    label, split = _find_others(rows[0], set(listing), name) if skip else _find_without_header(rows, listing[0])
    return PixelColumns(tuple(listing), label, split, True, skip, _shape_of(count, name), is_guessed=not skip)


def _find_numbered(rows: Rows, name: str, varies: Callable[[int], bool]) -> PixelColumns | None:
    """A column for each pixel."""
    if len(rows) < 2 or not _holds_numbers(rows[1]):
        return None
    header = rows[0]
    if all(map(_INTEGER.fullmatch, header)) and not _counts(header):
        return _without_header(rows, 0, name, varies)
    if all(map(_NUMERIC.fullmatch, header)) and not _counts(header):
        # pandas took the first row for the header, and made its numbers different.
        return _without_header(rows, 1, name, varies)
    groups: dict[str, list[int]] = defaultdict(list)
    for column, cell in enumerate(header):
        if _NUMBER.search(cell):
            groups[_NUMBER.sub("#", cell.strip().casefold())].append(column)
    pixels = max(groups.values(), key=len, default=[])
    numbers = sum(1 for at in pixels if at < len(rows[1]) and _NUMERIC.fullmatch(rows[1][at]))
    if len(pixels) < _MIN_PIXELS or 2 * numbers < len(pixels):
        return None
    if len(pixels) == len(header) and header[0].strip().isdecimal():
        return _without_header(rows, 1, name, varies)
    label, split = _find_others(header, set(pixels), name)
    return PixelColumns(
        tuple(pixels), label, split, False, 1, _shape_of(len(pixels), name, [header[at] for at in pixels])
    )


def _holds_numbers(cells: Sequence[str]) -> bool:
    return sum(1 for cell in cells if _NUMERIC.fullmatch(cell)) >= _MIN_PIXELS


def _counts(header: Sequence[str]) -> bool:
    """Whether it numbers the columns."""
    return [cell.strip() for cell in header] in (
        [str(n) for n in range(start, start + len(header))] for start in (0, 1)
    )


def _without_header(rows: Rows, skip: int, name: str, varies: Callable[[int], bool]) -> PixelColumns | None:
    """The first column has the labels, unless it is the same in the whole table; then the last one has. Where rows are
    sorted by class, it is the same in many."""
    width = len(rows[0])
    if width <= _MIN_PIXELS:
        return None
    is_first = len({row[0] for row in rows[skip:] if row}) > 1 or len(rows) - skip < 2 or varies(0)
    label = 0 if is_first else width - 1
    pixels = tuple(column for column in range(width) if column != label)
    return PixelColumns(pixels, label, None, False, skip, _shape_of(len(pixels), name), is_guessed=True)


def _find_without_header(rows: Rows, pixels: int) -> tuple[int | None, int | None]:
    """The first column beside the `pixels` that says no splits, and the one that does."""
    others = [column for column in range(len(rows[0])) if column != pixels]
    split = next(
        (column for column in others if all(column < len(row) and split_of(row[column]) for row in rows)), None
    )
    return next((column for column in others if column != split), None), split


def _find_others(header: Sequence[str], pixels: set[int], name: str) -> tuple[int | None, int | None]:
    """The columns of labels and splits. Raises InvalidArchive if any of several may have the labels."""
    keys = {header_key(cell): column for column, cell in reversed(list(enumerate(header))) if column not in pixels}
    label, split = (
        next((keys[each] for each in known if each in keys), None) for known in (LABEL_HEADERS, SPLIT_HEADERS)
    )
    if label is not None:
        return label, split
    others = [
        column
        for key, column in keys.items()
        if column != split and key not in FILE_HEADERS and key not in ("index", "unnamed0", "")
    ]
    if len(others) > 1:
        listed = ", ".join(quote(header[column]) for column in sorted(others)[:10])
        raise InvalidArchive(f"{quote(name)} has pixels and the columns {listed}; call the one of the classes `label`")
    return (others[0] if others else None), split


def _shape_of(count: int, name: str, headers: Sequence[str] = ()) -> Shape:
    """Raises InvalidArchive."""
    side, color_side = math.isqrt(count), math.isqrt(count // 3)
    if side * side == count:
        return side, side, 1
    if 3 * color_side * color_side == count:
        return color_side, color_side, 3
    places = [found for each in headers if (found := _ROW_AND_COLUMN.fullmatch(each.strip()))]
    if len(places) == count:
        height, width = (len({place[at] for place in places}) for at in (1, 2))
        if height * width == count:
            return height, width, 1
    raise InvalidArchive(f"{quote(name)} has {count:,} values of pixels in a row; {_EXPECTED}")


def _are_planar(rows: Rows, columns: PixelColumns) -> bool:
    """Whether neighbors differ less if all values of a color follow one another."""

    def roughness(is_planar: bool) -> float:
        total = 0.0
        for row in rows:
            try:
                image = arrange(read_pixels(row, columns), columns._replace(is_planar=is_planar)).astype(float)
            except (ValueError, IndexError):
                continue  # named when it is read
            total += float(np.abs(np.diff(image, axis=0)).sum() + np.abs(np.diff(image, axis=1)).sum())
        return total

    return roughness(True) < roughness(False)
