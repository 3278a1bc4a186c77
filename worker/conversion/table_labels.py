"""Labels from tables of files and labels, as in `labels.csv`."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from archives.errors import InvalidArchive
from archives.names import quote
from specs.problem import quantity
from worker.conversion.labels import Label, Labels
from worker.conversion.members import FoundFile
from worker.conversion.split_names import Kind, split_of

# Headers, compared without case, blanks, _ and -, the likeliest first.
_FILE = ("file", "filename", "filepath", "path", "imagepath", "imagefile", "imagename", "image", "img", "imageid", "id")
_LABEL = (
    *("label", "labels", "class", "classname", "classlabel", "category", "categoryname", "target", "breed", "species"),
    *("name", "y", "tag"),
)
_SPLIT = ("split", "set", "subset", "partition", "dataset", "usage")
_DELIMITERS = ",;\t|"
# What a competition wants to have filled in looks like a table of labels.
_TEMPLATE = "submission"
_NAMED = 3


class _Columns(NamedTuple):
    file: int
    label: int
    split: int | None


class _Row(NamedTuple):
    line: int
    file: str
    label: str
    split: str


class _Table(NamedTuple):
    file: FoundFile
    rows: list[_Row]


def label_by_tables(
    images: Sequence[FoundFile], tables: Sequence[FoundFile], contents: Mapping[int, bytes], encoding: str | None
) -> Labels:
    """`contents` are those of the tables, by position; `encoding` that of tables which are not UTF-8. The split is a
    column, or the name of the table where several have labels, or a folder of the image. Raises InvalidArchive."""
    finder = _Finder(images)
    asked = [file for file in tables if _TEMPLATE not in file.path[-1].lower()]
    headers, read = [], []
    for file in asked:
        lines = _parse(file, _decode(file, contents[file.position], encoding))
        header = next(lines, [])
        headers.append(f"{quote(file.name)} has {', '.join(map(quote, header[:10])) or 'nothing'}")
        if columns := _find_columns(header, finder):
            is_header = columns.file >= len(header) or not finder.find(header[columns.file])
            read.append(_Table(file, list(_rows(lines if is_header else _again(header, lines), columns))))
    if not read:
        found = f"; {'; '.join(headers[:_NAMED])}" if headers else ""
        raise InvalidArchive(
            "expected a .csv or .tsv table with a column of files and one of labels, called `file` and `label`, or "
            f"filename, image or id, and class, category or target{found}"
        )
    return _join(read, finder)


def _join(tables: Sequence[_Table], finder: "_Finder") -> Labels:
    labels: dict[int, Label] = {}
    missing: list[str] = []
    blank = 0
    for table in tables:
        table_kind = split_of(PurePosixPath(table.file.path[-1]).stem) if len(tables) > 1 else None
        for row in table.rows:
            kind = split_of(row.split) if row.split else table_kind
            if row.split and kind is None:
                raise InvalidArchive(
                    f"{quote(table.file.name)}, line {row.line}: {quote(row.split)} is no split; expected train, "
                    "validation or test"
                )
            image = finder.find(row.file, near=table.file.path[:-1], kind=kind)
            if image is None:
                missing.append(row.file)
            elif not row.label:
                blank += 1
            else:
                label = _label(row, kind, table.file, image)
                if (first := labels.setdefault(image.position, label)).name != label.name:
                    raise InvalidArchive(
                        f"{quote(table.file.name)}, line {row.line}: {quote(row.file)} has the label "
                        f"{quote(label.name)}, but {quote(first.name)} in another line; an image has one class"
                    )
    if not labels:
        example = f", such as {quote(missing[0])}" if missing else ""
        raise InvalidArchive(
            f"none of the files in {quote(tables[0].file.name)}{example}, is an image of the archive; expected paths "
            "within the archive, or names of files with or without their suffix"
        )
    return Labels(labels, tuple(_warnings(tables, finder, labels, missing, blank)))


def _label(row: _Row, kind: Kind | None, table: FoundFile, image: FoundFile) -> Label:
    found_as = row.split or table.path[-1]
    if kind is None:
        folder = next((each for each in reversed(image.path[:-1]) if split_of(each) not in (None, "unlabeled")), "")
        kind, found_as = split_of(folder) or "train", folder
    return Label("train" if kind == "unlabeled" else kind, row.label, found_as)


def _warnings(
    tables: Sequence[_Table], finder: "_Finder", labels: dict[int, Label], missing: Sequence[str], blank: int
) -> Iterator[str]:
    table = quote(tables[0].file.name) if len(tables) == 1 else "the tables"
    if missing:
        lines = quantity(len(missing), "line names a file that is", "lines name files that are")
        yield f"{lines} not in the archive, in {table}: {_examples(missing)}"
    if blank:
        yield f"{quantity(blank, 'line has', 'lines have')} no label, in {table}"
    unlabeled = [file.name for file in finder.images if file.position not in labels]
    if unlabeled:
        images = quantity(len(unlabeled), "image has", "images have")
        yield f"{images} no label in {table} and will not be used: {_examples(unlabeled)}"


def _examples(names: Sequence[str]) -> str:
    return ", ".join(map(quote, names[:_NAMED])) + (", ..." if len(names) > _NAMED else "")


class _Finder:
    """Finds images by what a table calls them."""

    def __init__(self, images: Sequence[FoundFile]) -> None:
        self.images = images
        self._by_name: dict[str, list[FoundFile]] = defaultdict(list)
        self._by_stem: dict[str, list[FoundFile]] = defaultdict(list)
        for file in images:
            self._by_name[file.path[-1]].append(file)
            self._by_stem[PurePosixPath(file.path[-1]).stem].append(file)

    def find(self, cell: str, near: tuple[str, ...] = (), kind: Kind | None = None) -> FoundFile | None:
        """By a path or the end of one, with or without its suffix. Of several the one below the folder `near`, or in a
        folder of the split `kind`; of equals none."""
        path = tuple(part for part in cell.replace("\\", "/").split("/") if part not in ("", ".", ".."))
        if not path:
            return None
        named = self._by_name.get(path[-1]) or self._by_stem.get(path[-1]) or []
        folders = path[:-1]
        matches = [file for file in named if not folders or file.path[-1 - len(folders) : -1] == folders]
        if not matches and folders:
            # A table made elsewhere names folders that were not packed: what is unique by its name is meant.
            matches = named
        if len(matches) > 1:
            exact = [file for file in matches if file.path[:-1] == (*near, *folders)]
            matches = exact or [file for file in matches if any(split_of(each) == kind for each in file.path[:-1])]
        return matches[0] if len(matches) == 1 else None


def _decode(file: FoundFile, data: bytes, encoding: str | None) -> str:
    for codec in ("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig", encoding or "cp1252"):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    raise InvalidArchive(f"{quote(file.name)} is not UTF-8; save it as UTF-8, or name its encoding, as in ?names=gbk")


def _parse(file: FoundFile, text: str) -> Iterator[list[str]]:
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if any(cell.strip() for cell in cells):
                yield [cell.strip() for cell in cells]
    except csv.Error as error:
        raise InvalidArchive(f"{quote(file.name)} does not parse as a table: {error}") from error


def _again(first: list[str], others: Iterator[list[str]]) -> Iterator[list[str]]:
    yield first
    yield from others


def _find_columns(header: Sequence[str], finder: _Finder) -> _Columns | None:
    """By the header; or two columns of which one names images, in the first line or below a header of other words."""
    keys = ["".join(each for each in cell.casefold() if each.isalnum()) for cell in header]
    file, label, split = (
        next((keys.index(each) for each in known if each in keys), None) for known in (_FILE, _LABEL, _SPLIT)
    )
    if file is not None and label is not None and file != label:
        return _Columns(file, label, split)
    images = [column for column, cell in enumerate(header) if finder.find(cell)]
    if len(header) == 2 and len(images) == 1:
        return _Columns(images[0], 1 - images[0], None)
    if len(header) == 2 and (file is None) != (label is None):
        return _Columns(file, 1 - file, None) if file is not None else _Columns(1 - (label or 0), label or 0, None)
    return None


def _rows(lines: Iterator[list[str]], columns: _Columns) -> Iterator[_Row]:
    def cell(cells: list[str], column: int | None) -> str:
        return cells[column] if column is not None and column < len(cells) else ""

    for number, cells in enumerate(lines, 2):
        yield _Row(number, cell(cells, columns.file), cell(cells, columns.label), cell(cells, columns.split))
