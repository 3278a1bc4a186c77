"""`trainyard sweep`."""

import json as json_format
import time
from functools import partial
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from trainyard.answers.sweeps import Sweep, Trial
from trainyard.cli.exit_codes import Exit
from trainyard.cli.identifiers import resolve_sweep_id
from trainyard.cli.options import DEFAULT_URL, JsonOption, PriorityOption, PrivateOption, UrlOption
from trainyard.cli.output import print_answer, print_json, print_lines, warn
from trainyard.cli.spec_source import read_file
from trainyard.cli.views.sweeps import best_view, end_view, list_view, plan_view, started_view, sweep_view, trial_line
from trainyard.client import Client
from trainyard.errors import UsageError

_POLL_SECONDS = 0.5
_OF_START = {"--watch", "--dry-run", "--idempotency-key"}
_UNENDED = ("open", "queued", "running")
SweepArgument = Annotated[
    str, typer.Argument(metavar="ID", help="A sweep's id, or at least 4 characters of its beginning or end.")
]
WatchOption = Annotated[bool, typer.Option("--watch", help="Follow it until it ends.")]


class StartByDefault(TyperGroup):
    """`sweep FILE` is `sweep start FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        begins_with_file = bool(args) and (args[0] == "-" or not args[0].startswith("-"))
        is_start = begins_with_file or not _OF_START.isdisjoint(args)
        if is_start and self.commands.keys().isdisjoint(args):
            args = ["start", *args]
        return super().parse_args(ctx, args)


sweep = typer.Typer(
    cls=StartByDefault, help="Search for the best spec: `sweep FILE` starts a sweep.", invoke_without_command=True
)


@sweep.callback()
def list_by_default(context: typer.Context, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """List sweeps; `sweep FILE` starts one."""
    if context.invoked_subcommand is None:
        list_(json, url)


@sweep.command("list")
def list_(json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """List sweeps."""
    with Client(url) as client:
        print_answer(client.sweeps(), json, list_view)


@sweep.command()
def start(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A JSON or YAML file, or - for standard input.")],
    watch: WatchOption = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check it, and show what it would do.")] = False,
    idempotency_key: Annotated[
        str | None, typer.Option(metavar="KEY", help="The same key and file return the same sweep.")
    ] = None,
    private: PrivateOption = None,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Start a sweep."""
    with Client(url) as client:
        document = read_file(file)
        if dry_run:
            print_answer(client.plan_sweep(document), json, plan_view)
            return
        started = client.start_sweep(document, idempotency_key, private)
        if watch:
            raise typer.Exit(_watch(client, started.id, json))
    print_answer(started, json, started_view)


@sweep.command("watch")
def watch_(sweep_id: SweepArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Follow a sweep until it ends: a line for each trial. Ctrl-C stops watching, not the sweep."""
    with Client(url) as client:
        raise typer.Exit(_watch(client, resolve_sweep_id(client, sweep_id), json))


def _watch(client: Client, sweep_id: str, as_json: bool) -> Exit:
    seen: set[int] = set()
    try:
        while True:
            found = client.sweep(sweep_id)
            if not as_json:
                _print_ended(found, seen)
            if found.has_ended:
                break
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        warn(f"the sweep continues; watch it again with: trainyard sweep watch {sweep_id}")
        return Exit.INTERRUPTED
    print_answer(found, as_json, end_view)
    return Exit.OK if found.status == "succeeded" else Exit.FAILED


def _print_ended(found: Sweep, seen: set[int]) -> None:
    for trial in found.trials:
        if trial.number not in seen and trial.status not in _UNENDED:
            seen.add(trial.number)
            print_lines(trial_line(trial, found.metric))


@sweep.command()
def show(
    sweep_id: SweepArgument,
    csv: Annotated[bool, typer.Option("--csv", help="Print the table of trials as CSV.")] = False,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Show a sweep: its trials, what was repeated, which dimensions matter."""
    with Client(url) as client:
        found = resolve_sweep_id(client, sweep_id)
        if csv:
            print(client.trials_csv(found), end="")
        else:
            print_answer(client.sweep(found), json, sweep_view)


@sweep.command()
def best(
    sweep_id: SweepArgument,
    spec: Annotated[bool, typer.Option("--spec", help="Print its spec, to be submitted or changed.")] = False,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Show the best trial of a sweep."""
    with Client(url) as client:
        found = client.sweep(resolve_sweep_id(client, sweep_id))
        trial = _best_of(found)
        if spec:
            print(json_format.dumps(client.get(trial.experiment_id or "").spec, indent=2))
        else:
            print_answer(trial, json, partial(best_view, metric=found.metric))


def _best_of(found: Sweep) -> Trial:
    if found.best is None:
        raise UsageError(
            f"sweep {found.id} is {found.status} and no trial has succeeded; `trainyard sweep show` shows why"
        )
    return found.best


@sweep.command()
def edit(
    sweep_id: SweepArgument,
    trials: Annotated[int | None, typer.Option(help="How many points to try.", show_default=False)] = None,
    minutes: Annotated[float | None, typer.Option(help="How long to add trials.", show_default=False)] = None,
    parallel: Annotated[int | None, typer.Option(help="How many wait or run at a time.", show_default=False)] = None,
    priority: PriorityOption = None,
    pause: Annotated[
        bool | None, typer.Option("--pause/--continue", help="Start no other trial.", show_default=False)
    ] = None,
    private: PrivateOption = None,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Change the budget of a sweep, pause it, or change who may see it."""
    budget = {"trials": trials, "minutes": minutes, "parallel": parallel, "priority": priority}
    given = {**budget, "paused": pause, "private": private}
    patch = {name: value for name, value in given.items() if value is not None}
    with Client(url) as client:
        print_answer(client.edit_sweep(resolve_sweep_id(client, sweep_id), patch), json, sweep_view)


@sweep.command()
def cancel(sweep_id: SweepArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Cancel a sweep and its trials; what has been trained is kept."""
    with Client(url) as client:
        print_answer(client.cancel_sweep(resolve_sweep_id(client, sweep_id)), json, sweep_view)


@sweep.command()
def resume(
    sweep_id: SweepArgument,
    trial: Annotated[int, typer.Argument(min=0, help="The number of the trial.")],
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Train a trial to its end that was stopped early, failed or was cancelled."""
    with Client(url) as client:
        print_answer(client.resume_trial(resolve_sweep_id(client, sweep_id), trial), json, sweep_view)


@sweep.command()
def delete(
    sweep_id: SweepArgument,
    trials: Annotated[bool, typer.Option("--trials", help="Also the experiments of its trials.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also if one of those serves or is pinned.")] = False,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Delete a sweep that has ended; its trials stay as experiments."""
    with Client(url) as client:
        found = resolve_sweep_id(client, sweep_id)
        client.delete_sweep(found, trials, force)
    if json:
        print_json({"id": found})
    else:
        print_lines(f"{found} is deleted with its trials" if trials else f"{found} is deleted; its trials stay")
