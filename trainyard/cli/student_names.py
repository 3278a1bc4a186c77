"""The names of students in a table, as programs of schools and spreadsheets write them."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from trainyard.errors import UsageError

_NAME = {"name", "names", "student", "students", "full name", "schüler", "schülerin", "schüler/in", "élève", "nome"}
_FIRST = {"first name", "firstname", "given name", "forename", "vorname", "prénom", "rufname"}
_LAST = {"last name", "lastname", "surname", "family name", "nachname", "familienname", "nom"}
_DELIMITERS = ";\t,"


def read_students(path: Path) -> list[str]:
    """The names in a CSV file: of the column `name`, or of those of first and last name, if a header says so; else of
    the first column. UTF-8 with or without a byte order mark, UTF-16 with one, or else Windows-1252. Raises
    UsageError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    text = _decode(data)
    table = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    rows = [row for row in table if any(map(str.strip, row))]
    columns = _columns(rows[0]) if rows else None
    if columns is not None:
        rows = rows[1:]
    names = [_join(row, columns or (0,)) for row in rows]
    found = [each for each in names if each]
    if not found:
        raise UsageError(f"{path} has no names; expected one student in a line, or a table with a column called name")
    return found


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _delimiter(text: str) -> str:
    """The one that the first line has most of."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(_DELIMITERS, key=first.count)


def _columns(header: Sequence[str]) -> tuple[int, ...] | None:
    """Where the name is, first name first; None if the row is no header."""
    titles = [each.strip().casefold() for each in header]
    for wanted in ((_NAME,), (_FIRST, _LAST), (_FIRST,), (_LAST,)):
        places = [next((place for place, title in enumerate(titles) if title in each), None) for each in wanted]
        if None not in places:
            return tuple(place for place in places if place is not None)
    return None


def _join(row: Sequence[str], columns: Sequence[int]) -> str:
    return " ".join(" ".join(row[place].split()) for place in columns if place < len(row)).strip()
