"""`trainyard datasets`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.table import Column

from trainyard.answers.base import ItemList
from trainyard.answers.datasets import Contents, Dataset
from trainyard.cli.exit_codes import Exit
from trainyard.cli.options import DEFAULT_URL, DatasetArgument, JsonOption, PrivateOption, UrlOption
from trainyard.cli.output import print_answer, print_lines
from trainyard.cli.views.tables import Listing, right
from trainyard.cli.views.text import count_text, size_text, time_text
from trainyard.client import Client

_SPLITS = ("train", "validation", "test")
_NAMED = 3
_MAX_UNREADABLE = 20

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
        typer.Argument(
            metavar="ARCHIVE|FOLDER",
            exists=True,
            readable=True,
            help="A zip, a tar, a parquet or .npz file, or a folder.",
        ),
    ],
    layout: Annotated[
        str | None,
        typer.Option(help="Where labels are: folders, filenames (cat.0.jpg), csv (a table) or parquet."),
    ] = None,
    names: Annotated[
        str | None, typer.Option(help="The encoding of file names in an archive that states none, such as gbk.")
    ] = None,
    field: Annotated[
        int | None,
        typer.Option(min=1, help="The part of file names that is the class, from 1: 2 in 0017_cat.jpg."),
    ] = None,
    private: PrivateOption = None,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Upload images, one folder per class unless --layout says otherwise, and wait until the dataset is ready."""
    with Client(url) as client:
        client.add_dataset(name, archive, layout, names, private, field)
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
def edit(
    name: DatasetArgument,
    private: Annotated[bool, typer.Option("--private/--public", help="Whether others may not see it.")],
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Make a dataset private, with all that is trained on it, or public again, without that."""
    with Client(url) as client:
        print_answer(client.set_dataset_private(name, private), json, dataset_view)


@datasets.command("hide-test")
def hide_test(name: DatasetArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Withhold all results on the test split of a dataset, built in or uploaded, until they are revealed."""
    with Client(url) as client:
        print_answer(client.hide_test(name), json, test_split_view)


@datasets.command("reveal-test")
def reveal_test(name: DatasetArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Show the test results of a dataset again. That is recorded."""
    with Client(url) as client:
        print_answer(client.reveal_test(name), json, test_split_view)


@datasets.command()
def delete(name: DatasetArgument, url: UrlOption = DEFAULT_URL) -> None:
    """Delete an uploaded dataset that no experiment needs."""
    with Client(url) as client:
        client.delete_dataset(name)
    print_lines(f"{name} is deleted")


def list_view(found: ItemList[Dataset]) -> Iterator[RenderableType]:
    headers: list[str | Column] = ["name", "status", "shape", *map(right, ("classes", *_SPLITS))]
    rows = (
        (
            dataset.name,
            dataset.status,
            _shape_text(dataset),
            str(len(dataset.classes)),
            *(f"{sum(dataset.counts.get(split, ())):,}" for split in _SPLITS),
        )
        for dataset in found
    )
    yield Listing(headers, rows)


def dataset_view(dataset: Dataset) -> Iterator[RenderableType]:
    record = dataset.record
    private = ", private" if record and record.private else ""
    yield f"{dataset.name}: {dataset.status}, {_shape_text(dataset)}{private}"
    if record and record.progress:
        yield f"files read: {record.progress.done}"
    if record and record.error:
        yield record.error
    for number, label in enumerate(dataset.classes):
        counts = (f"{split} {images[number]:,}" for split, images in dataset.counts.items() if images)
        yield f"  {label}: {', '.join(counts)}"
    if record and record.contents:
        yield from _contents_lines(record.contents)
    for warning in dataset.warnings:
        yield f"warning: {warning}"
    yield from test_split_view(dataset)


def test_split_view(dataset: Dataset) -> Iterator[str]:
    """Whether its test results are hidden, and how often they were looked at."""
    known = dataset.test_split
    if known is None:
        return
    if known.hidden_at:
        yield f"test results are hidden since {time_text(known.hidden_at)}"
    if known.sealed_until:
        yield f"its test samples are withheld; for an assignment, until {time_text(known.sealed_until)} at least"
    for time in known.revealed_at:
        yield f"test results were revealed {time_text(time)}"
    if known.peeks:
        experiments = count_text(known.peeked_experiments, "experiment")
        yield f"test results were looked at {count_text(known.peeks, 'time')}, of {experiments}"
    elif not known.hidden:
        yield "test results: nobody has looked at any"


def _contents_lines(contents: Contents) -> Iterator[str]:
    """What the upload calls its splits, and what of it is not in the dataset."""
    for split, names in contents.split_names.items():
        yield f"{split} is {', '.join(names[:_NAMED])}{', ...' if len(names) > _NAMED else ''}"
    for file in contents.unreadable[:_MAX_UNREADABLE]:
        yield f"not readable: {file.name}: {file.reason}"
    if contents.unreadable_files > _MAX_UNREADABLE:
        yield f"not readable: {contents.unreadable_files - _MAX_UNREADABLE:,} more files"
    if contents.ignored_files:
        more = ", ..." if contents.ignored_files > _NAMED else ""
        yield f"passed over, not images: {', '.join(contents.ignored[:_NAMED])}{more} ({contents.ignored_files:,})"


def _shape_text(dataset: Dataset) -> str:
    return size_text(dataset.shape) if dataset.shape else "varies"
