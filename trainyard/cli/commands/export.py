"""`trainyard export`: experiments and histories for other programs."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from trainyard.answers.experiments import ExperimentSummary
from trainyard.cli.identifiers import resolve_id
from trainyard.cli.options import DEFAULT_URL, JsonOption, UrlOption
from trainyard.cli.output import print_json, print_lines
from trainyard.client import Client
from trainyard.mlflow.export import export_run
from trainyard.mlflow.tracking_server import TrackingServer
from trainyard.tables import Table, check_suffix, table_of_histories, table_of_runs

_PAGE = 1_000
export = typer.Typer(help="Export experiments to TensorBoard, MLflow, CSV and Parquet.", no_args_is_help=True)
IdsArgument = Annotated[
    list[str],
    typer.Argument(metavar="ID...", help="Experiments' ids, or at least 4 characters of their beginning or end."),
]
FileOption = Annotated[
    Path, typer.Option("--to", dir_okay=False, metavar="FILE", help="The file to write: .csv or .parquet.")
]


@export.command()
def tensorboard(
    experiments: IdsArgument,
    to: Annotated[Path, typer.Option(file_okay=False, metavar="FOLDER", help="Where `tensorboard --logdir` looks.")],
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Write histories for TensorBoard, a folder for each experiment; those of one that runs so far."""
    with Client(url) as client:
        for each in experiments:
            directory = client.tensorboard(resolve_id(client, each))
            try:
                print_lines(str(directory.extract(to)))
            except OSError as error:
                raise typer.BadParameter(f"cannot write {to}: {error.strerror}", param_hint="--to") from error
    print_lines(f"show them with: tensorboard --logdir {to}")


@export.command()
def mlflow(
    server: Annotated[str, typer.Argument(metavar="URL", help="The address of MLflow's tracking server.")],
    experiments: IdsArgument,
    into: Annotated[
        str | None,
        typer.Option("--experiment", help="MLflow's experiment; by default one named like the dataset."),
    ] = None,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Export experiments as runs of MLflow: parameters, metrics by epoch, tags. Repeated, it adds what is new."""
    with Client(url) as client, TrackingServer(server) as tracking:
        for each in experiments:
            experiment = client.get(resolve_id(client, each))
            run = export_run(tracking, experiment, client.history(experiment.id), client.url, into)
            if json:
                print_json({**run._asdict(), "id": experiment.id, "run": run.id})
            else:
                what = "a new run" if run.is_new else "a run that was there"
                print_lines(f"{experiment.id} is {what}, {run.metrics} metric values were added: {run.url}")


@export.command("table")
def table_(
    to: FileOption,
    conditions: Annotated[
        list[str] | None, typer.Argument(metavar="CONDITION...", help="As 'val_accuracy>0.98' or tag=mine.")
    ] = None,
    sort: Annotated[str | None, typer.Option(help="A field or a metric; descending with -.")] = None,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Write the table of all experiments that fulfil the conditions: a row for each, a column for each metric."""
    check_suffix(to)
    with Client(url) as client:
        table = table_of_runs(_summaries(client, conditions or (), sort))
    _write(table, to)
    print_lines(f"{to} has {len(table.rows)} {'experiment' if len(table.rows) == 1 else 'experiments'}")


@export.command()
def history(experiments: IdsArgument, to: FileOption, url: UrlOption = DEFAULT_URL) -> None:
    """Write the histories of experiments as one table: a row for each epoch, counted from 0."""
    check_suffix(to)
    with Client(url) as client:
        ids = [resolve_id(client, each) for each in experiments]
        table = table_of_histories({each: client.history(each) for each in ids})
    _write(table, to)
    print_lines(f"{to} has {len(table.rows)} {'epoch' if len(table.rows) == 1 else 'epochs'}")


def _write(table: Table, path: Path) -> None:
    try:
        table.write(path)
    except OSError as error:
        raise typer.BadParameter(f"cannot write {path}: {error.strerror}", param_hint="--to") from error


def _summaries(client: Client, conditions: Sequence[str], sort: str | None) -> Iterator[ExperimentSummary]:
    cursor: str | None = None
    while True:
        page = client.summaries(*conditions, sort=sort, limit=_PAGE, cursor=cursor)
        yield from page.items
        if (cursor := page.next_cursor) is None:
            return
