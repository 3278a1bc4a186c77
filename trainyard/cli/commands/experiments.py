"""`trainyard list`, `show`, `history`, `stop`, `cancel`, `retry`, `delete`."""

from collections.abc import Callable, Iterable, Iterator
from typing import Annotated

import typer
from rich.console import RenderableType

from trainyard.answers.experiments import Experiment, ExperimentPage, History
from trainyard.cli.identifiers import resolve_id
from trainyard.cli.options import DEFAULT_URL, IdArgument, JsonOption, PriorityOption, PrivateOption, UrlOption
from trainyard.cli.output import print_answer, print_json, print_lines
from trainyard.cli.views.curves import curve_lines
from trainyard.cli.views.evaluations import confusion_lines, misclassified_line, split_line
from trainyard.cli.views.experiments import experiment_lines, history_table
from trainyard.cli.views.tables import Listing, prose, right
from trainyard.cli.views.text import known_metric_text
from trainyard.client import Client
from trainyard.errors import ApiError

_SPLITS = ("training", "validation", "test")
_SHOWN_CONFUSIONS = 5
_SHOWN_MISCLASSIFIED = 5


def list_(
    status: Annotated[str | None, typer.Option(help="queued, running, succeeded, failed, cancelled or newer.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Only those on this dataset.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only those with this tag.")] = None,
    name: Annotated[str | None, typer.Option(help="Only those with this in their name.")] = None,
    sort: Annotated[str, typer.Option(help="created_at or val_accuracy; descending with -.")] = "-created_at",
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many to show.")] = 20,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """List experiments."""
    with Client(url) as client:
        page = client.page(limit, status=status, dataset=dataset, tag=tag, name=name, sort=sort)
    print_answer(page, json, list_view)


def list_view(page: ExperimentPage) -> Iterator[RenderableType]:
    if not page.items:
        yield "no experiments; `trainyard submit digits-cnn` makes one"
        return
    headers = ("id", prose("name"), "dataset", "status", "epochs", right("val\naccuracy"), right("test\naccuracy"))
    yield Listing(headers, map(_list_row, page.items))
    if page.next_cursor:
        yield f"there are more than {len(page.items)}: see --limit"


def _list_row(experiment: Experiment) -> tuple[str, ...]:
    validation = experiment.validation_metrics or experiment.shown_metrics
    return (
        experiment.id,
        experiment.name,
        experiment.dataset,
        experiment.status,
        f"{experiment.epochs_completed}/{experiment.planned_epochs}",
        known_metric_text(validation.get("val_accuracy")),
        "hidden" if experiment.test_hidden else known_metric_text(experiment.test_metrics.get("accuracy")),
    )


def show(experiment: IdArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Show an experiment: status, curves, metrics, misclassified samples, diagnosis."""
    with Client(url) as client:
        record = client.get(resolve_id(client, experiment))
        print_answer(record, json, lambda shown: (*experiment_lines(shown), *_result_lines(client, shown)))


def _result_lines(client: Client, experiment: Experiment) -> Iterator[str]:
    """As far as there are results."""
    experiment_id = experiment.id
    if experiment.epochs_completed:
        yield from _section("curves", lambda: curve_lines(client.history(experiment_id)))
    if experiment.status == "succeeded":
        splits = [split for split in _SPLITS if not (split == "test" and experiment.test_hidden)]
        yield from _section("evaluation", lambda: _split_lines(client, experiment_id, splits))
        yield from _section("confused", lambda: _confusion_lines(client, experiment_id, splits[-1]))
        yield from _section("most confident errors", lambda: _misclassified_lines(client, experiment_id, splits[-1]))
    if experiment.epochs_completed:
        yield from _section("diagnosis", lambda: _finding_lines(client, experiment_id))


def _split_lines(client: Client, experiment_id: str, splits: Iterable[str]) -> Iterator[str]:
    return (split_line(client.evaluation(experiment_id, split)) for split in splits)


def _confusion_lines(client: Client, experiment_id: str, split: str) -> Iterator[str]:
    return confusion_lines(client.evaluation(experiment_id, split).confusion_matrix, _SHOWN_CONFUSIONS)


def _misclassified_lines(client: Client, experiment_id: str, split: str) -> Iterator[str]:
    return map(misclassified_line, client.misclassified(experiment_id, split=split, limit=_SHOWN_MISCLASSIFIED))


def _finding_lines(client: Client, experiment_id: str) -> Iterator[str]:
    return (f"{finding.severity}: {finding.sentence}" for finding in client.diagnosis(experiment_id))


def _section(title: str, lines: Callable[[], Iterable[str]]) -> Iterator[str]:
    """A title and its lines, or why they are unavailable: a deleted dataset, a damaged file."""
    try:
        found = list(lines())
    except ApiError as error:
        found = [str(error)]
    return (line for line in ("", title, *(f"  {line}" for line in found)))


def history(
    experiment: IdArgument,
    since: Annotated[int | None, typer.Option(min=-1, help="Only epochs after this one, counted from 0.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Print all metrics by epoch, counted from 1; --csv and --json count from 0, as the API and Keras do."""
    with Client(url) as client:
        experiment_id = resolve_id(client, experiment)
        if csv:
            print(client.history_csv(experiment_id, since), end="")
        else:
            print_answer(client.history(experiment_id, since), json, history_view)


def history_view(history: History) -> Iterator[RenderableType]:
    yield history_table(history) if history.epoch else "no epoch has ended yet"


def edit(
    experiment: IdArgument,
    name: Annotated[str | None, typer.Option(help="Its new name.", show_default=False)] = None,
    notes: Annotated[str | None, typer.Option(help="Its new notes.", show_default=False)] = None,
    tags: Annotated[list[str] | None, typer.Option("--tag", help="Its tags from now on.", show_default=False)] = None,
    star: Annotated[bool | None, typer.Option("--star/--no-star", help="Mark it.", show_default=False)] = None,
    priority: PriorityOption = None,
    private: PrivateOption = None,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Change the name, notes, tags, star or priority of an experiment, or who may see it."""
    given = {"name": name, "notes": notes, "tags": tags, "star": star, "priority": priority, "private": private}
    patch = {field: value for field, value in given.items() if value is not None}
    with Client(url) as client:
        print_answer(client.edit(resolve_id(client, experiment), patch), json, edited_view)


def edited_view(experiment: Experiment) -> Iterator[str]:
    marked = "* " if experiment.star else ""
    yield f"{experiment.id} {marked}{experiment.name}"
    if experiment.tags:
        yield f"tags   {', '.join(experiment.tags)}"
    if experiment.notes:
        yield f"notes  {experiment.notes}"
    if experiment.priority:
        yield f"priority {experiment.priority}"
    if experiment.private:
        yield "private"


def stop(experiment: IdArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Stop a training early, and publish what it has learnt."""
    with Client(url) as client:
        print_answer(client.stop(resolve_id(client, experiment)), json, stopped_view)


def stopped_view(experiment: Experiment) -> Iterator[str]:
    when = "its current batch" if experiment.epochs_completed else "its first epoch"
    yield f"{experiment.id} will stop after {when}, and be published"


def retry(experiment: IdArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Run a failed or cancelled experiment again, from its last checkpoint."""
    with Client(url) as client:
        print_answer(client.retry(resolve_id(client, experiment)), json, retried_view)


def retried_view(experiment: Experiment) -> Iterator[str]:
    yield f"{experiment.id} is queued again"


def cancel(experiment: IdArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Cancel an experiment; its history and checkpoint are kept."""
    with Client(url) as client:
        print_answer(client.cancel(resolve_id(client, experiment)), json, cancelled_view)


def cancelled_view(experiment: Experiment) -> Iterator[str]:
    has_ended = experiment.status == "cancelled"
    yield f"{experiment.id} is cancelled" if has_ended else f"{experiment.id} will be cancelled after its current batch"


def delete(
    experiment: IdArgument,
    force: Annotated[bool, typer.Option("--force", help="Even if its model serves.")] = False,
    state: Annotated[
        bool, typer.Option("--state", help="Only its training state, without which it cannot be continued.")
    ] = False,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Delete an experiment with all its files, or only its training state."""
    with Client(url) as client:
        experiment_id = resolve_id(client, experiment)
        if state:
            client.delete_state(experiment_id)
        else:
            client.delete(experiment_id, force)
    if json:
        print_json({"id": experiment_id})
    else:
        print_lines(f"the training state of {experiment_id} is deleted" if state else f"{experiment_id} is deleted")
