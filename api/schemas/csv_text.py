"""CSV that spreadsheets can open."""

import csv
import io
from collections.abc import Iterable, Sequence

# Where a cell begins with one of these, spreadsheets take it for a formula and run it (OWASP, CSV Injection).
_FORMULAS = ("=", "+", "-", "@")


def write_csv(header: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """Numbers as they are, nothing for None, true and false, lists with blanks between their members. A text that a
    spreadsheet would take for a formula is preceded by an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(_cell, header))
    writer.writerows(map(_cell, row) for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        value = " ".join(map(str, value))
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value
