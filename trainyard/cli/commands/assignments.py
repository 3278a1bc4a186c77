"""`trainyard assignment`: create, show, submit, leaderboard."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

import typer
from rich.console import RenderableType

from trainyard.answers.base import ItemList
from trainyard.answers.classes import Assignment, Leaderboard, LeaderboardRow, NewSubmission, Submission
from trainyard.cli.identifiers import resolve_id
from trainyard.cli.options import DEFAULT_URL, IdArgument, JsonOption, UrlOption
from trainyard.cli.output import print_answer, print_lines
from trainyard.cli.spec_source import read_file
from trainyard.cli.views.tables import Listing, prose, right
from trainyard.cli.views.text import metric_text, time_text
from trainyard.client import Client

assignments = typer.Typer(help="Set a class an assignment, and submit to one.", invoke_without_command=True)
# Also as it is shown.
_TIMES = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"]
AssignmentArgument = Annotated[str, typer.Argument(metavar="ASSIGNMENT", help="The id of an assignment.")]


@assignments.callback()
def list_by_default(context: typer.Context, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """List the assignments of your classes."""
    if context.invoked_subcommand is None:
        with Client(url) as client:
            print_answer(client.assignments(), json, list_view)


def list_view(found: ItemList[Assignment]) -> Iterator[RenderableType]:
    rows = (
        (
            each.id,
            each.class_name,
            each.dataset,
            f"{time_text(each.deadline)}{' (closed)' * each.is_closed}",
            each.title,
        )
        for each in found
    )
    yield Listing(("id", "class", "dataset", "deadline", prose("title")), rows)


@assignments.command()
def create(
    document: Annotated[str, typer.Argument(metavar="FILE", help="A JSON or YAML file, or - for standard input.")],
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Set a class an assignment. The test split of its dataset is sealed for everybody until the deadline."""
    with Client(url) as client:
        print_answer(client.create_assignment(read_file(document)), json, assignment_view)


@assignments.command()
def show(assignment: AssignmentArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Show an assignment, its rules, and what you have spent of its budget."""
    with Client(url) as client:
        print_answer(client.assignment(assignment), json, assignment_view)


def assignment_view(found: Assignment) -> Iterator[RenderableType]:
    yield f"{found.title}, for class {found.class_name}: {found.id}"
    yield from found.task.splitlines()
    yield f"deadline    {time_text(found.deadline)}{', has passed' if found.is_closed else ''}"
    yield f"dataset     {found.dataset}, its test split is sealed; scores are {found.metric}"
    yield f"may change  {', '.join(found.may_change) or 'nothing'}"
    limits = found.budget.model_dump(exclude_none=True)
    yield f"budget      {', '.join(f'{value:,} {name}' for name, value in limits.items())}"
    if found.spent is not None:
        yield f"spent       {found.spent.runs:,} runs, {found.spent.minutes:.1f} minutes"


@assignments.command()
def deadline(
    assignment: AssignmentArgument,
    time: Annotated[datetime, typer.Argument(help="Local time, unless it names its zone.", formats=_TIMES)],
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Move the deadline, which must not have passed."""
    with Client(url) as client:
        print_answer(client.move_deadline(assignment, time), json, assignment_view)


@assignments.command()
def delete(assignment: AssignmentArgument, url: UrlOption = DEFAULT_URL) -> None:
    """Delete an assignment with its submissions."""
    with Client(url) as client:
        client.delete_assignment(assignment)
    print_lines(f"assignment {assignment} is deleted; the test split stays hidden until it is revealed")


@assignments.command()
def submit(
    assignment: AssignmentArgument, experiment: IdArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL
) -> None:
    """Submit an experiment of yours."""
    with Client(url) as client:
        found = resolve_id(client, experiment)
        print_answer(client.submit_experiment(assignment, found), json, submitted_view)


def submitted_view(found: NewSubmission) -> Iterator[str]:
    yield f"{found.experiment_id} is submitted; submissions left: {found.submissions_left}"


@assignments.command()
def submissions(assignment: AssignmentArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """List your submissions, as a teacher everybody's."""
    with Client(url) as client:
        print_answer(client.submissions(assignment), json, submissions_view)


def submissions_view(found: ItemList[Submission]) -> Iterator[RenderableType]:
    rows = (
        (
            each.handle,
            each.experiment_id,
            time_text(each.submitted_at),
            metric_text(each.score),
            "" if each.final_score is None else metric_text(each.final_score),
            "counts" if each.counts else "",
        )
        for each in found
    )
    yield Listing(("student", "experiment", "submitted", right("public"), right("final"), ""), rows)


@assignments.command()
def leaderboard(
    assignment: AssignmentArgument,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Show the leaderboard."""
    with Client(url) as client:
        if csv:
            print(client.leaderboard_csv(assignment), end="")
        else:
            print_answer(client.leaderboard(assignment), json, leaderboard_view)


def leaderboard_view(board: Leaderboard) -> Iterator[RenderableType]:
    yield f"{board.title}: {board.metric} on the {board.half} half of the hidden test split of {board.dataset}"
    if board.items:
        headers = (right("rank"), prose("student"), right("score"), "95 % interval", right("submissions"), "")
        yield Listing(headers, map(_row, board.items))
    yield board.sentence
    if board.missing:
        yield f"nothing submitted yet: {', '.join(board.missing)}"


def _row(each: LeaderboardRow) -> tuple[str, ...]:
    interval = f"{metric_text(each.low)} to {metric_text(each.high)}"
    tie = "no difference is shown" if each.is_tied else ""
    return str(each.rank), each.name, metric_text(each.score), interval, str(each.submissions), tie
