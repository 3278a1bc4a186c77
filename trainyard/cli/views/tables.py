"""Rows as tables, or as blocks of lines where a terminal is too narrow for a table."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Column, Table
from rich.text import Text

_MIN_PROSE = 8
_UNLIMITED = 100_000  # columns


class Listing:
    """Rows of a table without borders. A terminal that is too narrow for it gets headers of two lines (where they
    contain a line break), then narrower gaps, then each row as a block of lines, a header and a value each: ids and
    numbers are never cut."""

    def __init__(self, headers: Sequence[str | Column], rows: Iterable[Sequence[str]]) -> None:
        self.columns = [each if isinstance(each, Column) else Column(each, no_wrap=True) for each in headers]
        self.rows = [tuple(row) for row in rows]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for layout in ((False, False), (True, False), (True, True)):
            if self._least_width(console, options, *layout) <= options.max_width:
                yield self._table(*layout)
                return
        headers = [_in_one_line(column) for column in self.columns]
        width = max(map(cell_len, headers))
        for row in self.rows:
            for header, value in zip(headers, row, strict=True):
                if value:
                    yield Text(f"{header}{' ' * (width - cell_len(header))}  {value}")
            yield ""

    def _table(self, has_high_headers: bool, has_narrow_gaps: bool) -> Table:
        columns = [each.copy() for each in self.columns]
        for column in columns:
            column.header = column.header if has_high_headers else _in_one_line(column)
        table = Table(*columns, box=None, pad_edge=False, collapse_padding=has_narrow_gaps)
        for row in self.rows:
            table.add_row(*row)
        return table

    def _least_width(self, console: Console, options: ConsoleOptions, *layout: bool) -> int:
        """With nothing cut, and prose wrapped."""
        table = self._table(*layout)
        for column in table.columns:
            if column.overflow == "fold":
                column.max_width = _MIN_PROSE
        return Measurement.get(console, options.update(max_width=_UNLIMITED), table).minimum


def _in_one_line(column: Column) -> str:
    return str(column.header).replace("\n", " ")


def right(header: str) -> Column:
    """A column of numbers."""
    return Column(header, justify="right", no_wrap=True)


def prose(header: str) -> Column:
    """A column of texts that may be long; wrapped in a narrow terminal."""
    return Column(header, overflow="fold")
