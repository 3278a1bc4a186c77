"""Tables of text, as programs and spreadsheets write them."""

import csv
import io
import re
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from archives.errors import InvalidArchive
from archives.name_encodings import possible_encodings
from archives.names import quote
from worker.conversion.labels import clean
from worker.conversion.members import FoundFile

_DELIMITERS = ",;\t|"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# Excel's own first line, and not a row.
_SEPARATOR = re.compile(r'"?sep=([,;|:\t])"?\s*', re.IGNORECASE)
# What Excel writes in Western Europe: one letter with an accent, or two small ones, among those without. Text of other
# alphabets, read so, has longer runs, signs and capitals.
_WESTERN = "cp1252"
_ACCENTED = re.compile(
    r"(?<![^\0-\x7f])(?:[À-ÖØ-öø-ÿ]|[ß-öø-ÿ]{2}|(?<=[A-Za-z])\u2019(?=[A-Za-z])|[ŠšŽžŒœŸ](?=[a-z]{2})"
    r"|(?<=[A-Za-z]{2})[šžœ]|(?<=[A-Za-z])[šžœ](?=[a-z]))(?![^\0-\x7f])"
)


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
    """Cells with a delimiter between them. `warnings` say how text of unknown encoding was read. Raises InvalidArchive
    for what is no text, or of an encoding that cannot be guessed."""

    def __init__(self, file: FoundFile, data: bytes, encoding: str | None) -> None:
        self.file = file
        self._text, self.warnings = _decode(file, data, encoding)
        first = io.StringIO(self._text, newline="").readline()
        stated = _SEPARATOR.fullmatch(first)
        self._delimiter = stated[1] if stated else find_delimiter(first)
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


def find_delimiter(first: str) -> str:
    """The one that makes the most cells of the first line."""

    def count(delimiter: str) -> int:
        try:
            return len(next(csv.reader([first], delimiter=delimiter), []))
        except csv.Error:
            return 0

    return max(_DELIMITERS, key=count)


def _decode(file: FoundFile, data: bytes, encoding: str | None) -> tuple[str, tuple[str, ...]]:
    """The text, and warnings."""
    for codec in _possible_codecs(data[:2], encoding):
        try:
            return data.decode(codec), ()
        except UnicodeDecodeError:
            continue
    name = quote(file.name)
    if encoding or data.startswith(_UTF_16):
        stated = f"nor in the encoding named for it ({encoding})" if encoding else "nor UTF-16"
        raise InvalidArchive(f"{name} is not UTF-8, {stated}; save it as UTF-8, or name its encoding, as in ?names=gbk")
    return _guess_western(name, data)


def _guess_western(name: str, data: bytes) -> tuple[str, tuple[str, ...]]:
    """Raises InvalidArchive unless `data` looks like text of Western Europe."""
    lines = [b" ".join(line.split()) for line in data.splitlines() if not line.isascii()]
    odd = next((line for line in lines if not _is_western(line)), None)
    if odd is not None:
        lines.insert(0, odd)
    readings = ", ".join(f"{encoding} reads {quote(text)}" for encoding, text in possible_encodings(lines))
    if odd is not None:
        raise InvalidArchive(
            f"{name} is not UTF-8; save it as UTF-8, or name its encoding, as in ?names=gbk"
            f"{f': {readings}' if readings else ''}"
        )
    warning = (
        f"{name} is not UTF-8: {readings}; {_WESTERN} is taken; if it is wrong, upload the archive again with the "
        "right one, as in ?names=gbk"
    )
    return data.decode(_WESTERN), (warning,)


def _is_western(line: bytes) -> bool:
    try:
        text = line.decode(_WESTERN)
    except UnicodeDecodeError:
        return False
    return _ACCENTED.sub("", text).isascii()


def _possible_codecs(start: bytes, encoding: str | None) -> tuple[str, ...]:
    if start in _UTF_16:
        return ("utf-16",)
    if b"\0" in start:
        return ("utf-16-be" if start.startswith(b"\0") else "utf-16-le",)
    return ("utf-8-sig", encoding) if encoding else ("utf-8-sig",)
