"""`trainyard datasets`: what can be trained on, and one's own images."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from trainyard.cli.commands.options import DEFAULT_URL, JsonOption, UrlOption
from trainyard.cli.exit_codes import Exit
from trainyard.cli.output import console, print_json
from trainyard.client import Client, JsonObject
from trainyard.polling import ended

datasets = typer.Typer(help="Datasets: list, add, show, delete.", invoke_without_command=True)
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="A dataset's name.")]


@datasets.callback()
def list_datasets(context: typer.Context, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """List the datasets."""
    if context.invoked_subcommand is not None:
        return
    with Client(url) as client:
        items = client.datasets()
    if json:
        print_json(items)
        return
    table = Table("name", "status", "shape", "classes", "train", "test", box=None, pad_edge=False)
    for view in items:
        counts = [f"{sum(view['counts'].get(part, ())):,}" for part in ("train", "test")]
        table.add_row(view["name"], view["status"], _shape(view), str(len(view["classes"])), *counts)
    console().print(table)


def _shape(view: JsonObject) -> str:
    return " x ".join(map(str, view["shape"])) if view["shape"] else "varies"


@datasets.command()
def add(
    name: NameArgument,
    archive: Annotated[
        Path,
        typer.Argument(metavar="ARCHIVE|FOLDER", exists=True, readable=True, help="A zip, a tar, or a folder."),
    ],
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Upload images, one folder for each class, and wait until they can be trained on."""
    with Client(url) as client:
        client.add_dataset(name, archive)
        view = ended(lambda: client.dataset(name), "ready", "failed")
    _show(view, json)
    if view["status"] == "failed":
        raise typer.Exit(Exit.FAILED)


@datasets.command()
def show(name: NameArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Show one dataset: its classes, counts, sizes, warnings."""
    with Client(url) as client:
        view = client.dataset(name)
    _show(view, json)


def _show(view: JsonObject, json: bool) -> None:
    if json:
        print_json(view)
        return
    screen = console()
    screen.print(f"{view['name']}: {view['status']}, {_shape(view)}")
    record = view["record"] or {}
    if record.get("progress"):
        screen.print(f"files read: {record['progress']['done']}")
    if record.get("error"):
        screen.print(record["error"])
    counts = view["counts"]
    for number, label in enumerate(view["classes"]):
        of_class = (f"{part} {counts[part][number]:,}" for part in counts if counts[part])
        screen.print(f"  {label}: {', '.join(of_class)}")
    for warning in view["warnings"]:
        screen.print(f"warning: {warning}")


@datasets.command()
def delete(name: NameArgument, url: UrlOption = DEFAULT_URL) -> None:
    """Delete an uploaded dataset that no experiment needs."""
    with Client(url) as client:
        client.delete_dataset(name)
    console().print(f"{name} is deleted")
