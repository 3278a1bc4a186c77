"""`trainyard prune`."""

import re
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import RenderableType

from trainyard.answers.experiments import Pruning
from trainyard.cli.options import DEFAULT_URL, JsonOption, UrlOption
from trainyard.cli.output import print_answer
from trainyard.cli.views.tables import Listing, prose, right
from trainyard.cli.views.text import bytes_text, count_text
from trainyard.client import Client

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", re.IGNORECASE)


def _bytes(text: str) -> int:
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise typer.BadParameter(f"received {text!r}, expected a size such as 500MB or 20GB")
    return round(float(found[1]) * _UNITS[found[2].lower()])


def prune(
    older_than: Annotated[
        float | None, typer.Option(min=0, metavar="DAYS", help="What ended longer ago.", show_default=False)
    ] = None,
    keep: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="What is beyond the newest N.", show_default=False)
    ] = None,
    max_size: Annotated[
        int | None,
        typer.Option(parser=_bytes, metavar="SIZE", help="The oldest, while all take more.", show_default=False),
    ] = None,
    states: Annotated[
        bool, typer.Option("--states", help="Only training states, from which experiments are continued.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without it, only show what would be deleted.")] = False,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Delete experiments, or their training states, that ended long ago, are too many or take too much of the disk."""
    if older_than is None and keep is None and max_size is None:
        raise typer.BadParameter("give --older-than, --keep or --max-size")
    with Client(url) as client:
        pruning = client.prune(older_than, keep, max_size, dry_run=not yes, states_only=states)
        print_answer(pruning, json, pruning_view)


def pruning_view(pruning: Pruning) -> Iterator[RenderableType]:
    """Those that were kept come last, with the reason."""
    if pruning.removed:
        headers = ("id", prose("name"), "status", right("size"), prose("why"))
        rows = ((each.id, each.name, each.status, bytes_text(each.bytes), each.reason) for each in pruning.removed)
        yield Listing(headers, rows)
    for each in pruning.kept:
        yield f"kept: {each.id}  {each.name}: {each.reason}"
    noun = "training state" if pruning.states_only else "experiment"
    count = f"{count_text(len(pruning.removed), noun)}, {bytes_text(pruning.removed_bytes)}"
    yield f"would delete {count}; add --yes to do so" if pruning.dry_run else f"deleted {count}"
