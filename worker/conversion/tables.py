"""Tables of text, as programs and spreadsheets write them."""

import csv
import io
import re
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from archives.errors import InvalidArchive
from archives.names import quote
from worker.conversion.labels import clean
from worker.conversion.members import FoundFile

_DELIMITERS = ",;\t|"
# Excel's own first line, and not a row.
_SEPARATOR = re.compile(r'"?sep=([,;|:\t])"?\s*', re.IGNORECASE)


class Line(NamedTuple):
    """A row: its first line in the file, from 1, and its cells in Unicode's composed form, as file names are."""

    number: int
    cells: list[str]


class Table(Protocol):
    """A table of files and labels in an archive."""

    @property
    def file(self) -> FoundFile: ...

    def lines(self) -> Iterator[Line]:
        """Those that are not blank, each time from the header on. Raises InvalidArchive."""
        ...


class TextTable:
    """Cells with a delimiter between them. Raises InvalidArchive for what is no text."""

    def __init__(self, file: FoundFile, data: bytes, encoding: str | None) -> None:
        self.file = file
        self._text = _decode(file, data, encoding)
        first = io.StringIO(self._text, newline="").readline()
        stated = _SEPARATOR.fullmatch(first)
        self._delimiter = stated[1] if stated else _find_delimiter(first)
        self._skip = 1 if stated else 0

    def lines(self) -> Iterator[Line]:
        source = io.StringIO(self._text, newline="")
        for _ in range(self._skip):
            source.readline()
        reader = csv.reader(source, delimiter=self._delimiter)
        try:
            number = 1
            for cells in reader:
                if any(map(str.strip, cells)):
                    yield Line(self._skip + number, list(map(clean, cells)))
                number = reader.line_num + 1
        except csv.Error as error:
            raise InvalidArchive(f"{quote(self.file.name)} does not parse as a table: {error}") from error


def _find_delimiter(first: str) -> str:
    """The one that makes the most cells of the first line."""

    def count(delimiter: str) -> int:
        try:
            return len(next(csv.reader([first], delimiter=delimiter), []))
        except csv.Error:
            return 0

    return max(_DELIMITERS, key=count)


def _decode(file: FoundFile, data: bytes, encoding: str | None) -> str:
    for codec in _possible_codecs(data[:2], encoding):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    raise InvalidArchive(f"{quote(file.name)} is not UTF-8; save it as UTF-8, or name its encoding, as in ?names=gbk")


def _possible_codecs(start: bytes, encoding: str | None) -> tuple[str, ...]:
    if start in (b"\xff\xfe", b"\xfe\xff"):
        return ("utf-16",)
    if b"\0" in start:
        return ("utf-16-be" if start.startswith(b"\0") else "utf-16-le",)
    return "utf-8-sig", encoding or "cp1252"
