"""Tables."""

from collections.abc import Iterable, Sequence

from rich.table import Column, Table


def make_table(headers: Sequence[str | Column], rows: Iterable[Sequence[str]]) -> Table:
    """Without borders; the first column is never wrapped, because it can be copied."""
    table = Table(*headers, box=None, pad_edge=False)
    table.columns[0].no_wrap = True
    for row in rows:
        table.add_row(*row)
    return table


def right(header: str) -> Column:
    """A column of numbers."""
    return Column(header, justify="right")
