"""`trainyard list`, `show`, `history`, `cancel`, `delete`: what has been and is being trained."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Annotated

import typer
from rich.table import Table

from trainyard.cli.commands.options import DEFAULT_URL, IdArgument, JsonOption, UrlOption
from trainyard.cli.curves import curve_lines
from trainyard.cli.evaluation_view import confusion_lines, mistake_line, split_line
from trainyard.cli.identifiers import full_id
from trainyard.cli.output import console, metric_text, print_json
from trainyard.cli.record_view import record_lines
from trainyard.cli.training_view import planned_epochs
from trainyard.client import Client, JsonObject
from trainyard.errors import ApiError

_SPLITS = ("training", "validation", "test")
_SHOWN_CONFUSIONS = 5
_SHOWN_MISTAKES = 5


def list_(
    status: Annotated[str | None, typer.Option(help="queued, running, succeeded, failed or cancelled.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Only those on this dataset.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only those with this tag.")] = None,
    name: Annotated[str | None, typer.Option(help="Only those with this in their name.")] = None,
    sort: Annotated[
        str, typer.Option(help="created_at or val_accuracy; with - from the highest down.")
    ] = "-created_at",
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many to show.")] = 20,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """List experiments."""
    with Client(url) as client:
        page = client.page(status=status, dataset=dataset, tag=tag, name=name, sort=sort, limit=limit)
    if json:
        print_json(page)
        return
    screen = console()
    screen.print(_record_table(page) if page["items"] else "no experiments; `trainyard submit digits-cnn` makes one")
    if page["next_cursor"]:
        screen.print(f"there are more than {limit}: see --limit")


def _record_table(page: JsonObject) -> Table:
    table = Table("id", "name", "dataset", "status", "epochs", box=None, pad_edge=False)
    table.columns[0].no_wrap = True
    table.add_column("val_accuracy", justify="right")
    table.add_column("test accuracy", justify="right")
    for record in page["items"]:
        best = (record.get("validation_metrics") or record["best_metrics"]).get("val_accuracy")
        test = record["test_metrics"].get("accuracy")
        figures = ("" if value is None else metric_text(value) for value in (best, test))
        epochs = f"{record['epochs_completed']}/{planned_epochs(record)}"
        table.add_row(record["id"], record["name"], record["dataset"], record["status"], epochs, *figures)
    return table


def show(experiment: IdArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Show one experiment: where it stands, its curves and figures, what it gets wrong, what to make of it."""
    with Client(url) as client:
        record = client.get(full_id(client, experiment))
        if json:
            print_json(record)
            return
        for line in (*record_lines(record), *_result_lines(client, record)):
            console().print(line)


def _result_lines(client: Client, record: JsonObject) -> Iterator[str]:
    """As much of it as there is."""
    experiment_id = record["id"]
    if record["epochs_completed"]:
        yield from _section("curves", lambda: curve_lines(client.history(experiment_id)))
    if record["status"] == "succeeded":
        evaluated = (client.evaluation(experiment_id, split) for split in _SPLITS)
        yield from _section("evaluation", lambda: map(split_line, evaluated))
        yield from _section("confused", lambda: confusion_lines(client.evaluation(experiment_id), _SHOWN_CONFUSIONS))
        surest = partial(client.mistakes, experiment_id, limit=_SHOWN_MISTAKES)
        yield from _section("surest mistakes", lambda: map(mistake_line, surest()))
    if record["epochs_completed"]:
        yield from _section("diagnosis", lambda: map(_finding_line, client.diagnosis(experiment_id)))


def _section(title: str, lines: Callable[[], Iterable[str]]) -> Iterator[str]:
    """What cannot be had (its dataset was deleted, its file is damaged) is said in its place."""
    try:
        told = list(lines())
    except ApiError as error:
        told = [str(error)]
    return (line for line in ("", title, *(f"  {line}" for line in told)))


def _finding_line(finding: JsonObject) -> str:
    return f"{finding['severity']}: {finding['sentence']}"


def history(
    experiment: IdArgument,
    since: Annotated[int | None, typer.Option(min=-1, help="Only epochs after this one, counted from 0.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Print all metrics by epoch; epochs are counted from 0, as Keras does in its history."""
    with Client(url) as client:
        experiment_id = full_id(client, experiment)
        if csv:
            print(client.history_csv(experiment_id, since), end="")
            return
        answer = client.history(experiment_id, since)
    if json:
        print_json(answer)
        return
    console().print(history_table(answer) if answer["epoch"] else "no epoch has ended yet")


def history_table(answer: JsonObject) -> Table:
    """One row for each epoch, one column for each metric."""
    names = list(answer["history"])
    table = Table("epoch", box=None, pad_edge=False)
    for name in names:
        table.add_column(name, justify="right")
    for row, epoch in enumerate(answer["epoch"]):
        table.add_row(str(epoch), *(metric_text(answer["history"][name][row]) for name in names))
    return table


def cancel(experiment: IdArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Cancel an experiment; what it has learned so far is kept."""
    with Client(url) as client:
        record = client.cancel(full_id(client, experiment))
    if json:
        print_json(record)
        return
    ended = record["status"] == "cancelled"
    console().print(f"{record['id']} is cancelled" if ended else f"{record['id']} is cancelled at its next batch")


def delete(
    experiment: IdArgument,
    force: Annotated[bool, typer.Option("--force", help="Also if its model serves.")] = False,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Delete an experiment with all its files."""
    with Client(url) as client:
        experiment_id = full_id(client, experiment)
        client.delete(experiment_id, force)
    if json:
        print_json({"id": experiment_id})
    else:
        console().print(f"{experiment_id} is deleted")
