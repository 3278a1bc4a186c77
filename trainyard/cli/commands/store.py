"""`trainyard store`: what is done to the files of a store, with or without a service that uses them."""

from pathlib import Path
from typing import Annotated

import typer

store = typer.Typer(help="Copy a store, or check the disk it is on.", no_args_is_help=True)


@store.command()
def copy(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="The folder of a store, as var/store.")],
    target: Annotated[Path, typer.Argument(metavar="TO", help="An empty folder, or an earlier copy.")],
    delete: Annotated[
        bool, typer.Option("--delete", help="Remove from the copy what the store no longer has.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what was done as JSON.")] = False,
) -> None:
    """Copy a store, also while it is in use; of an earlier copy what has changed. Results are verified."""
    options = [flag for flag, is_given in (("--delete", delete), ("--json", json)) if is_given]
    _run("copy", str(source), str(target), *options)


@store.command()
def check(
    folder: Annotated[Path, typer.Argument(help="Where the store is, or is to be.")],
    hosts: Annotated[
        int, typer.Option(min=1, help="Run it on so many machines at once: they try whether locks hold between them.")
    ] = 1,
) -> None:
    """Check that a disk keeps what a store needs: locks, hard links, replacing by rename."""
    _run("check", str(folder), "--hosts", str(hosts))


def _run(*arguments: str) -> None:
    from trainyard.up.application import run_store_command  # noqa: PLC0415 - no other command needs it

    raise typer.Exit(run_store_command(arguments))
