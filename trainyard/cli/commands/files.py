"""`trainyard files` and `log`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType

from trainyard.answers.base import ItemList
from trainyard.answers.experiments import ExperimentFile
from trainyard.cli.identifiers import resolve_id
from trainyard.cli.options import DEFAULT_URL, IdArgument, JsonOption, UrlOption
from trainyard.cli.output import print_answer, print_lines
from trainyard.cli.views.tables import Listing, right
from trainyard.cli.views.text import bytes_text
from trainyard.client import Client


def files(
    experiment: IdArgument,
    name: Annotated[str | None, typer.Argument(help="Download this stored file.", show_default=False)] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write it.", show_default="its name")
    ] = None,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """List the files of an experiment, or download one that is stored."""
    with Client(url) as client:
        experiment_id = resolve_id(client, experiment)
        if name is None:
            print_answer(client.files(experiment_id), json, files_view)
            return
        written = client.download(experiment_id, name, output or Path(name))
    print_lines(f"{written}: {bytes_text(written.stat().st_size)}")


def files_view(found: ItemList[ExperimentFile]) -> Iterator[RenderableType]:
    rows = (
        (each.name, "on request" if each.bytes is None else bytes_text(each.bytes), each.media_type, each.url)
        for each in found
    )
    yield Listing(("name", right("size"), "media type", "path"), rows)


def log(
    experiment: IdArgument,
    lines: Annotated[
        int | None, typer.Option("--lines", "-n", min=1, help="Only so many of the last lines.", show_default="all")
    ] = None,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Print what the trainers of an experiment logged, also while it runs."""
    with Client(url) as client:
        print(client.log(resolve_id(client, experiment), lines), end="")
