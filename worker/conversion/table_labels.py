"""Labels from tables of files and labels, as in `labels.csv`."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from archives.errors import InvalidArchive
from archives.names import quote, quote_some
from specs.problem import quantity
from worker.conversion.image_index import ImageIndex, split_cell
from worker.conversion.labels import HIDDEN, Label, Labels, find_hidden, find_lists, reject_captions, reject_fractions
from worker.conversion.members import FoundFile
from worker.conversion.split_names import Kind, innermost_split, split_of
from worker.conversion.table_columns import Columns, Heartbeat, Row, find_columns, read_rows
from worker.conversion.tables import Table

# What a competition wants to have filled in looks like a table of labels.
_TEMPLATE = "submission"
_NAMED = 3


class _Source(NamedTuple):
    """A table that names images; `kind` is the split that its own name says."""

    table: Table
    columns: Columns
    kind: Kind | None

    @property
    def name(self) -> str:
        return quote(self.table.file.name)


def label_by_tables(images: Sequence[FoundFile], tables: Sequence[Table], heartbeat: Heartbeat) -> Labels:
    """The split is a column, or the name of the table where several have labels, or a folder of the image. Raises
    InvalidArchive."""
    index = ImageIndex(images)
    asked = [table for table in tables if _TEMPLATE not in table.file.path[-1].lower()]
    found = [(table, find_columns(table, index, heartbeat)) for table in asked]
    sources = _drop_guesses(
        [
            _Source(table, columns, split_of(PurePosixPath(table.file.path[-1]).stem))
            for table, columns in found
            if columns is not None
        ]
    )
    if not any(source.columns.labels for source in sources):
        raise InvalidArchive(
            "expected a .csv, .tsv or .parquet table with a column of files and one of labels, called `file` and "
            "`label`, or filename, image or id, and class, category or target, or a column of 0 and 1 for each class"
            + "".join(map(_about_header, asked[:_NAMED]))
        )
    return _Join(index, heartbeat).label(sources)


def _about_header(table: Table) -> str:
    header = next((line.cells for line in table.lines()), [])
    return f"; {quote(table.file.name)} has {', '.join(map(quote, header[:10])) or 'nothing'}"


def _drop_guesses(sources: Sequence[_Source]) -> list[_Source]:
    """A column whose header is no known one has labels if it is the one of the table for training, and if no other
    table says what its labels are."""
    labeled = [source for source in sources if source.columns.labels]
    guesses = [source for source in labeled if source.columns.label_header is not None]
    model = next((source for source in guesses if source.kind == "train"), guesses[0] if guesses else None)
    header = model.columns.label_header if model and len(guesses) == len(labeled) else None
    return [
        source._replace(columns=source.columns._replace(labels=()))
        if source.columns.label_header not in (None, header)
        else source
        for source in sources
    ]


class _Join:
    """The labels of images, and what could not be used of the tables."""

    def __init__(self, index: ImageIndex, heartbeat: Heartbeat) -> None:
        self._index = index
        self._heartbeat = heartbeat
        self._labels: dict[int, Label] = {}
        self._missing: list[str] = []
        self._ambiguous: list[str] = []
        self._several: dict[int, str] = {}
        self._blank: set[int] = set()

    def label(self, sources: Sequence[_Source]) -> Labels:
        """Raises InvalidArchive."""
        labeled = [source for source in sources if source.columns.labels]
        for source in labeled:
            for row in read_rows(source.table, source.columns, self._heartbeat):
                self._add(row, source, is_split=len(labeled) > 1)
        tables = labeled[0].name if len(labeled) == 1 else "the tables"
        self._set_lists_aside()
        if len(self._several) > len(self._labels):
            raise InvalidArchive(
                f"{quantity(len(self._several), 'line has', 'lines have')} several labels, in {tables}: "
                f"{quote_some(self._several.values())}; several labels per image are not supported, expected "
                "one class in each line"
            )
        if not self._labels:
            raise InvalidArchive(self._why_none(tables))
        hidden = find_hidden(self._labels.values())
        secret = [at for at, label in self._labels.items() if label.name == HIDDEN and label.split in hidden]
        self._blank.update(secret)
        for at in secret:
            del self._labels[at]
        reject_fractions({label.name for label in self._labels.values()}, tables)
        reject_captions([label.name for label in self._labels.values()], tables)
        unlabeled = [source for source in sources if not source.columns.labels]
        about = (*_about_classes(labeled), *self._about_rows(tables), *self._about_images(unlabeled, tables))
        return Labels(self._labels, about)

    def _add(self, row: Row, source: _Source, is_split: bool) -> None:
        kind = row.kind if row.split else source.kind
        if row.split and kind is None:
            raise InvalidArchive(
                f"{source.name}, line {row.line}: {quote(row.split)} is no split; expected train, validation or test"
            )
        found = self._find(row, source, kind)
        if len(found) > 1:
            self._ambiguous.append(row.file)
        elif not found:
            self._missing.append(row.file)
        elif not row.labels:
            self._blank.add(found[0].position)
        elif len(row.labels) > 1:
            self._several[found[0].position] = row.file
        else:
            label = self._make_label(row, kind if row.split or is_split else None, source.table.file, found[0])
            if (first := self._labels.setdefault(found[0].position, label)).name != label.name:
                raise InvalidArchive(
                    f"{source.name}, line {row.line}: {quote(row.file)} has the label {quote(label.name)}, but "
                    f"{quote(first.name)} in another line; an image has one class"
                )

    def _set_lists_aside(self) -> None:
        lists = find_lists({label.name for label in self._labels.values()})
        names = {file.position: file.name for file in self._index.images}
        for at in [at for at, label in self._labels.items() if label.name in lists]:
            self._several[at] = f"{names[at]}: {self._labels.pop(at).name}"

    def _find(self, row: Row, source: _Source, kind: Kind | None) -> Sequence[FoundFile]:
        found = self._index.find(row.file, near=source.table.file.path[:-1], kind=kind)
        # Images for training and for tests often have the same numbers.
        is_of_test = len(found) == 1 and self._index.split_folder(found[0])[0] in ("test", "unlabeled")
        says_so = row.split or innermost_split(split_cell(row.file)[:-1])[0]
        return () if is_of_test and kind == "train" and not says_so else found

    def _make_label(self, row: Row, kind: Kind | None, table: FoundFile, image: FoundFile) -> Label:
        found_as = row.split or table.path[-1]
        if kind is None:
            kind, found_as = self._index.split_folder(image)
        if kind is None or kind == "unlabeled":
            return Label("train", row.labels[0])
        return Label(kind, row.labels[0], found_as)

    def _why_none(self, tables: str) -> str:
        names = self._missing or self._ambiguous
        if not names:
            return f"no line of {tables} has a label"
        are = "is an image" if self._missing else "is the name of one image only"
        return (
            f"none of the files in {tables}, such as {quote(names[0])}, {are} of the archive{self._about_alike()}; "
            "expected paths within the archive, or names of files with or without their suffix"
        )

    def _about_alike(self) -> str:
        """Why the first missing file may not have been found."""
        alike = next(((name, file) for name in self._missing if (file := self._index.find_alike(name))), None)
        if alike is None:
            return ""
        name, file = alike
        cell = split_cell(name)[-1]
        if cell in (file.path[-1], PurePosixPath(file.path[-1]).stem):
            return f"; {quote(file.name)}, which has the name {quote(name)}, is in another folder or split"
        stem, other = (PurePosixPath(each.casefold()).stem for each in (cell, file.path[-1]))
        how = "leading zeros" if stem != other else "case" if cell.casefold() == file.path[-1].casefold() else "suffix"
        return f"; {quote(name)} differs from {quote(file.name)} in {how} only"

    def _about_rows(self, tables: str) -> Iterator[str]:
        if self._missing:
            lines = quantity(len(self._missing), "line names a file that is", "lines name files that are")
            yield f"{lines} not in the archive, in {tables}: {quote_some(self._missing)}{self._about_alike()}"
        if self._ambiguous:
            lines = quantity(len(self._ambiguous), "line names", "lines name")
            yield f"{lines} several images, which are left out, in {tables}: {quote_some(self._ambiguous)}"
        if self._several:
            lines = quantity(len(self._several), "line has several labels and is", "lines have several labels and are")
            yield f"{lines} left out, in {tables}: {quote_some(self._several.values())}"
        if self._blank:
            yield f"{quantity(len(self._blank), 'line has', 'lines have')} no label, in {tables}"

    def _about_images(self, unlabeled: Sequence[_Source], tables: str) -> Iterator[str]:
        told = self._labels.keys() | self._several.keys()
        left = {file.position: file.name for file in self._index.images if file.position not in told}
        for source in unlabeled:
            rows = read_rows(source.table, source.columns, self._heartbeat)
            found = [found[0].position for row in rows if len(found := self._find(row, source, source.kind)) == 1]
            if names := [left.pop(position) for position in found if position in left and position not in self._blank]:
                images = quantity(len(names), "image that it names is", "images that it names are")
                yield f"{source.name} has no column of labels; the {images} left out: {quote_some(names)}"
        if left:
            images = quantity(len(left), "image has", "images have")
            yield f"{images} no label in {tables} and will not be used: {quote_some(left.values())}"


def _about_classes(sources: Sequence[_Source]) -> Iterator[str]:
    """Properties of an image may look like a column for each class."""
    for source in sources:
        if rivals := source.columns.rivals:
            yield (
                f"{source.name} has several columns that may have the labels: {quote(source.columns.rival_of)} is "
                f"taken, not {quote_some(rivals)}; if it is another one, call it `label`"
            )
        if others := source.columns.others:
            yield (
                f"{source.name} has no column of labels; its columns of 0 and 1 are taken for the classes, "
                f"{quote_some(source.columns.classes)}, and the others are left out, {quote_some(others)}; if one of "
                "these has the labels, call it `label`"
            )
