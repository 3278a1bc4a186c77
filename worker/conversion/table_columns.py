"""Which columns of a table hold files and labels, and the rows that they make."""

import re
from collections.abc import Callable, Container, Iterator, Sequence
from itertools import chain, islice, repeat
from typing import NamedTuple

from specs.splits import SourceSplit
from worker.conversion.image_index import ImageIndex
from worker.conversion.label_columns import cell_of, choose_label
from worker.conversion.labels import is_missing
from worker.conversion.split_names import Kind, split_of
from worker.conversion.tables import Line, Table

# Headers, compared without case, blanks, _, - and an s at the end, the likeliest first.
FILE_HEADERS = (
    *(
        "file",
        "filename",
        "filepath",
        "path",
        "imagepath",
        "imagefile",
        "imagename",
        "imgname",
        "image",
        "img",
        "imageid",
        "id",
    ),
    *("imageindex", "url", "파일명", "파일", "이미지"),
)
LABEL_HEADERS = (
    *("label", "class", "classname", "classlabel", "category", "categoryname", "target", "breed", "species"),
    *("라벨", "레이블", "클래스", "분류", "labelname", "labelid", "classid", "findinglabel"),
    *("diagnosis", "dx", "disease", "emotion", "expression", "name", "y", "tag"),
)
SPLIT_HEADERS = ("split", "set", "subset", "partition", "dataset", "usage")
# Of a column for each class, as pandas and spreadsheets write them.
_YES = frozenset({"1", "1.0", "true", "yes", "x"})
_YES_OR_NO = _YES | {"0", "0.0", "-1", "-1.0", "false", "no", ""}
# Columns of these that say whether an image is of a split.
_FLAGS: dict[str, SourceSplit] = {
    **dict.fromkeys(("istrain", "istraining", "istrainingimage"), "train"),
    **dict.fromkeys(("isvalid", "isval", "isvalidation"), "validation"),
    "istest": "test",
}
# pandas writes integers of which some are missing so.
_WHOLE = re.compile(r"([+-]?\d+)\.0*")
# A list of one.
_LISTED = re.compile(r"""\[\s*(?=["'])["']?([^"',;|]+)["']?\s*\]""")
Heartbeat = Callable[[], None]


class Row(NamedTuple):
    """`labels` are none, one, or those of several columns. `split` is as the table writes it; `kind`, what it says, is
    None if it is empty or no split."""

    line: int
    file: str
    labels: tuple[str, ...]
    split: str
    kind: Kind | None


class Columns(NamedTuple):
    """Numbers of columns. `labels` are one with the label of each row, or one for each of the `classes`, or none.
    `flags` are columns that say whether a row is of a split, each with its header. `label_header` is what a guess rests
    on: a column of labels without a known name; None if it is known. `others` are headers of columns beside the classes
    that are no classes, `rivals` those that may have the labels as well as the one called `rival_of`."""

    file: int
    labels: tuple[int, ...]
    split: int | None = None
    classes: tuple[str, ...] = ()
    has_header: bool = True
    label_header: str | None = None
    others: tuple[str, ...] = ()
    flags: tuple[tuple[int, str], ...] = ()
    rivals: tuple[str, ...] = ()
    rival_of: str = ""


def find_columns(table: Table, index: ImageIndex, heartbeat: Heartbeat) -> Columns | None:
    """By the header, or by what names images in the first line or below a header of other words; None if nothing does.

    Raises InvalidArchive.
    """
    first, second = islice(chain((line.cells for line in table.lines()), repeat([])), 2)
    keys = list(map(header_key, first))
    singular = [key.removesuffix("s") for key in keys]
    known_file, label, split = (
        next((each.index(name) for name in known for each in (keys, singular) if name in each), None)
        for known in (FILE_HEADERS, LABEL_HEADERS, SPLIT_HEADERS)
    )
    if known_file is None and label is None and len(first) == 2 and len(naming := _naming_images(first, index)) == 1:
        return Columns(naming[0], (1 - naming[0],), has_header=False)
    file = _choose_file(known_file, [column for column in _naming_images(second, index) if column != label], second)
    if file is None:
        return None
    flags = () if split is not None else tuple((keys.index(flag), flag) for flag in _FLAGS if flag in keys)
    flags = tuple((column, first[column]) for column, _ in flags)
    if label is not None:
        names = set(LABEL_HEADERS)
        alike = [at for at in range(len(first)) if {keys[at], singular[at]} & names and at not in (label, file, split)]
        chosen, rivals = choose_label(table, label, alike, heartbeat)
        return Columns(
            file,
            (chosen,),
            split,
            flags=flags,
            rivals=() if keys[label] == "label" else tuple(first[column] for column in rivals),
            rival_of=first[chosen],
        )
    if len(first) == 2:
        return Columns(file, (1 - file,), label_header=first[1 - file])
    taken = {file, split, *(column for column, _ in flags)}
    classes = _find_classes(table, taken, heartbeat)
    used = {*taken, *classes}
    others = tuple(cell for column, cell in enumerate(first) if cell and column not in used) if classes else ()
    return Columns(file, classes, split, tuple(first[column] for column in classes), others=others, flags=flags)


def read_rows(table: Table, columns: Columns, heartbeat: Heartbeat) -> Iterator[Row]:
    """All rows below the header. Raises InvalidArchive."""
    for line in islice(table.lines(), int(columns.has_header), None):
        heartbeat()
        cells = [cell_of(line, column) for column in columns.labels]
        if columns.classes:
            cells = [name for name, cell in zip(columns.classes, cells, strict=True) if cell.casefold() in _YES]
        else:
            cells = [plain_label(cell) for cell in cells]
        split = cell_of(line, columns.split)
        kind = split_of(split)
        if columns.flags:
            split, kind = _flagged_split(line, columns.flags)
        yield Row(line.number, cell_of(line, columns.file), tuple(filter(None, cells)), split, kind)


def _flagged_split(line: Line, flags: Sequence[tuple[int, str]]) -> tuple[str, SourceSplit]:
    """The header of the last flag that is set, and its split. Where none is, a row is for training, unless a flag says
    that it is not: then it is of a split that has no flag, or else for tests."""
    kinds = [_FLAGS[header_key(header)] for _, header in flags]
    for (column, header), kind in zip(reversed(flags), reversed(kinds), strict=True):
        if cell_of(line, column).casefold() in _YES:
            return header, kind
    if "train" not in kinds:
        return "train", "train"
    rest: SourceSplit = "validation" if "test" in kinds and "validation" not in kinds else "test"
    return rest, rest


def plain_label(cell: str) -> str:
    """As it was before pandas or Python wrote it."""
    found = _WHOLE.fullmatch(cell) or _LISTED.fullmatch(cell)
    return "" if is_missing(cell) else found[1] if found else cell


def header_key(cell: str) -> str:
    return "".join(each for each in cell.casefold() if each.isalnum())


def is_of_files(header: str) -> bool:
    return not {header_key(header), header_key(header).removesuffix("s")}.isdisjoint(FILE_HEADERS)


def _naming_images(cells: Sequence[str], index: ImageIndex) -> list[int]:
    return [column for column, cell in enumerate(cells) if index.find(cell)]


def _choose_file(known: int | None, naming: Sequence[int], cells: Sequence[str]) -> int | None:
    """The column of a `known` header, unless another one is the only one that names an image; a number may do so by
    chance."""
    whole = [column for column in naming if "." in cells[column]]
    return naming[0] if len(naming) == 1 else whole[0] if known is None and len(whole) == 1 else known


def _find_classes(table: Table, others: Container[int | None], heartbeat: Heartbeat) -> tuple[int, ...]:
    """The columns of nothing but 0 and 1, if there are several."""
    lines = table.lines()
    columns = {column for column, cell in enumerate(next(lines).cells) if cell and column not in others}
    for line in lines:
        heartbeat()
        columns = {column for column in columns if cell_of(line, column).casefold() in _YES_OR_NO}
        if len(columns) < 2:
            return ()
    return tuple(sorted(columns))
