"""The `trainyard` command."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from trainyard.cli.commands.assignments import assignments
from trainyard.cli.commands.bundle import bundle
from trainyard.cli.commands.classes import classes, comment
from trainyard.cli.commands.comparison import compare, lineage, reproduce, reproduction
from trainyard.cli.commands.datasets import datasets
from trainyard.cli.commands.demo import demo
from trainyard.cli.commands.diagnose import diagnose
from trainyard.cli.commands.evaluate import evaluate
from trainyard.cli.commands.events import events
from trainyard.cli.commands.experiments import cancel, delete, edit, history, list_, retry, show, stop
from trainyard.cli.commands.export import export
from trainyard.cli.commands.files import files, log
from trainyard.cli.commands.groups import group
from trainyard.cli.commands.improve import decline, improve, promote
from trainyard.cli.commands.keys import keys, login, logout
from trainyard.cli.commands.label import label, relabel
from trainyard.cli.commands.machines import drain, machines
from trainyard.cli.commands.models import models, serve
from trainyard.cli.commands.predict import predict
from trainyard.cli.commands.prune import prune
from trainyard.cli.commands.queue import queue
from trainyard.cli.commands.quota import quota, visibility
from trainyard.cli.commands.specs import continue_, presets, submit, validate
from trainyard.cli.commands.store import store
from trainyard.cli.commands.sweeps import sweep
from trainyard.cli.commands.up import up
from trainyard.cli.commands.watch import watch
from trainyard.cli.commands.webhooks import webhooks
from trainyard.cli.commands.worker import worker
from trainyard.cli.exit_codes import Exit
from trainyard.cli.output import accept_all_characters, warn
from trainyard.errors import (
    ApiError,
    Conflict,
    DemoError,
    Exhausted,
    Forbidden,
    NotAuthenticated,
    NotFound,
    PreflightError,
    TrackingError,
    TrainyardError,
    UploadError,
    UsageError,
)

_EPILOG = (
    "Exit status: 0 success; 1 the watched experiment failed or was cancelled; 2 wrong usage or an invalid spec; "
    "3 not found; 4 rejected in the current state, or with this key; 5 Trainyard is unreachable, does not "
    "start or is not ready, or was asked too often; 130 interrupted."
)
_COMMANDS = (
    up,
    worker,
    demo,
    submit,
    watch,
    events,
    show,
    history,
    group,
    diagnose,
    evaluate,
    compare,
    lineage,
    reproduce,
    reproduction,
    models,
    serve,
    improve,
    promote,
    decline,
    predict,
    label,
    relabel,
    bundle,
    files,
    log,
    machines,
    drain,
    edit,
    stop,
    cancel,
    retry,
    delete,
    prune,
    validate,
    presets,
    login,
    logout,
    quota,
    visibility,
    comment,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from trainyard import __version__  # noqa: PLC0415 - looked up when asked for

        print(f"trainyard {__version__}")
        raise typer.Exit


VersionOption = Annotated[
    bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
]


@app.callback(epilog=_EPILOG)
def trainyard(_version: VersionOption = False) -> None:
    """Train image classifiers: run the service, submit experiments, watch them learn, predict."""


for command in _COMMANDS:
    app.command()(command)
app.command("list")(list_)
app.command("continue")(continue_)
app.add_typer(datasets, name="datasets")
app.add_typer(sweep, name="sweep")
app.add_typer(export, name="export")
app.add_typer(queue, name="queue")
app.add_typer(webhooks, name="webhooks")
app.add_typer(keys, name="keys")
app.add_typer(classes, name="class")
app.add_typer(assignments, name="assignment")
app.add_typer(store, name="store")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit status."""
    accept_all_characters()
    try:
        app(arguments)
    except TrainyardError as error:
        warn(str(error))
        sys.exit(_exit_status(error))


def _exit_status(error: TrainyardError) -> Exit:
    match error:
        case UsageError() | UploadError() | PreflightError():
            return Exit.USAGE
        case DemoError():
            return Exit.FAILED
        case NotFound():
            return Exit.NOT_FOUND
        case Conflict() | NotAuthenticated() | Forbidden() | TrackingError(is_rejected=True):
            return Exit.REJECTED
        case Exhausted():
            return Exit.UNAVAILABLE
        case ApiError(status=status) if status < 500:
            return Exit.USAGE
        case _:
            return Exit.UNAVAILABLE
