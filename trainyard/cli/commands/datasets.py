"""`trainyard datasets`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType

from trainyard.answers.base import ItemList
from trainyard.answers.datasets import Dataset
from trainyard.cli.exit_codes import Exit
from trainyard.cli.options import DEFAULT_URL, DatasetArgument, JsonOption, UrlOption
from trainyard.cli.output import print_answer, print_lines
from trainyard.cli.views.tables import Listing, right
from trainyard.cli.views.text import size_text
from trainyard.client import Client

datasets = typer.Typer(help="List, add, show and delete datasets.", invoke_without_command=True)


@datasets.callback()
def list_by_default(context: typer.Context, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """List datasets, or add, show and delete one."""
    if context.invoked_subcommand is None:
        list_(json, url)


@datasets.command("list")
def list_(json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """List datasets."""
    with Client(url) as client:
        print_answer(client.datasets(), json, list_view)


@datasets.command()
def add(
    name: DatasetArgument,
    archive: Annotated[
        Path,
        typer.Argument(metavar="ARCHIVE|FOLDER", exists=True, readable=True, help="A zip, a tar, or a folder."),
    ],
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Upload images, one folder per class, and wait until the dataset is ready."""
    with Client(url) as client:
        client.add_dataset(name, archive)
        dataset = client.wait_for_dataset(name)
    print_answer(dataset, json, dataset_view)
    if dataset.status == "failed":
        raise typer.Exit(Exit.FAILED)


@datasets.command()
def show(name: DatasetArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Show a dataset: classes, counts, warnings."""
    with Client(url) as client:
        print_answer(client.dataset(name), json, dataset_view)


@datasets.command()
def delete(name: DatasetArgument, url: UrlOption = DEFAULT_URL) -> None:
    """Delete an uploaded dataset that no experiment needs."""
    with Client(url) as client:
        client.delete_dataset(name)
    print_lines(f"{name} is deleted")


def list_view(found: ItemList[Dataset]) -> Iterator[RenderableType]:
    headers = ("name", "status", "shape", right("classes"), right("train"), right("test"))
    rows = (
        (
            dataset.name,
            dataset.status,
            _shape_text(dataset),
            str(len(dataset.classes)),
            *(f"{sum(dataset.counts.get(split, ())):,}" for split in ("train", "test")),
        )
        for dataset in found
    )
    yield Listing(headers, rows)


def dataset_view(dataset: Dataset) -> Iterator[RenderableType]:
    yield f"{dataset.name}: {dataset.status}, {_shape_text(dataset)}"
    record = dataset.record
    if record and record.progress:
        yield f"files read: {record.progress.done}"
    if record and record.error:
        yield record.error
    for number, label in enumerate(dataset.classes):
        counts = (f"{split} {images[number]:,}" for split, images in dataset.counts.items() if images)
        yield f"  {label}: {', '.join(counts)}"
    for warning in dataset.warnings:
        yield f"warning: {warning}"


def _shape_text(dataset: Dataset) -> str:
    return size_text(dataset.shape) if dataset.shape else "varies"
