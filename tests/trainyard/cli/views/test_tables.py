import io

import pytest
from rich.console import Console

from trainyard.cli.views.tables import Listing, prose, right

ID = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"
LISTING = Listing(
    ("id", prose("name"), "status", right("val\naccuracy")),
    [(ID, "a long name of an experiment", "succeeded", "0.9875"), (ID, "run", "queued", "")],
)


def lines_of(width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, markup=False, highlight=False, soft_wrap=True)
    console.print(LISTING)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_wide_terminal_has_a_line_per_row() -> None:
    header, first, second = lines_of(10_000)
    assert header.split() == ["id", "name", "status", "val", "accuracy"]
    assert first.split("  ")[:3] == [ID, "a long name of an experiment", "succeeded"]
    assert first.endswith(" 0.9875")
    assert second.split() == [ID, "run", "queued"]


@pytest.mark.parametrize("width", [54, 58, 60, 70, 80, 100])
def test_narrow_terminal_wraps_only_prose(width: int) -> None:
    lines = lines_of(width)
    assert max(map(len, lines)) <= width
    assert sum(ID in line for line in lines) == 2
    assert sum("0.9875" in line for line in lines) == 1
    assert sum("succeeded" in line for line in lines) == 1
    assert not any("…" in line for line in lines)


def test_too_narrow_terminal_has_blocks() -> None:
    assert lines_of(40) == [
        f"id            {ID}",
        "name          a long name of an experiment",
        "status        succeeded",
        "val accuracy  0.9875",
        "",
        f"id            {ID}",
        "name          run",
        "status        queued",
        "",
    ]
