"""`trainyard queue`."""

from typing import Annotated

import typer

from trainyard.answers.service import Queue
from trainyard.cli.identifiers import resolve_id
from trainyard.cli.options import DEFAULT_URL, IdArgument, JsonOption, UrlOption
from trainyard.cli.output import print_answer
from trainyard.cli.views.queue import queue_view
from trainyard.client import Client
from trainyard.errors import UsageError

queue = typer.Typer(help="Show, reorder and pause the queue.", invoke_without_command=True)


@queue.callback()
def show_by_default(context: typer.Context, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Show the queue: what runs, what waits, in order, and when it will start."""
    if context.invoked_subcommand is None:
        with Client(url) as client:
            print_answer(client.queue(), json, queue_view)


@queue.command()
def pause(json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Start no other experiment, even after a restart; what runs continues."""
    with Client(url) as client:
        print_answer(client.pause_queue(), json, queue_view)


@queue.command()
def resume(json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Start the experiments that wait again."""
    with Client(url) as client:
        print_answer(client.resume_queue(), json, queue_view)


@queue.command()
def move(
    experiment: IdArgument,
    first: Annotated[bool, typer.Option("--first", help="Start it next.")] = False,
    before: Annotated[str | None, typer.Option(metavar="ID", help="Start it just before this one.")] = None,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Move an experiment that waits to the front of the queue, or before another one. The whole id of a sweep moves
    those of its trials that wait now."""
    if first == (before is not None):
        raise UsageError("give either --first, or --before and the id of an experiment that waits")
    with Client(url) as client:
        moved = resolve_id(client, experiment)
        ahead = [] if before is None else _ahead_of(client.queue(), resolve_id(client, before))
        ids = [*(each for each in ahead if each != moved), moved]
        print_answer(client.reorder_queue(*ids), json, queue_view)


def _ahead_of(shown: Queue, experiment_id: str) -> list[str]:
    ids = [each.id for each in shown.items]
    if experiment_id not in ids:
        raise UsageError(f"{experiment_id} is not among the first {len(ids)} that wait; `trainyard queue` shows them")
    return ids[: ids.index(experiment_id)]
