"""`trainyard store`: what is done to the files of a store, with or without a service that uses them."""

from typing import Annotated

import typer

store = typer.Typer(
    help="Copy a store or back it up, restore a backup, check a disk or a bucket.", no_args_is_help=True
)

_Json = Annotated[bool, typer.Option("--json", help="Print what was done as JSON.")]


@store.command()
def copy(
    source: Annotated[
        str,
        typer.Argument(metavar="FROM", help="The folder of a store, as var/store; or s3://BUCKET/PREFIX, to restore."),
    ],
    target: Annotated[
        str,
        typer.Argument(metavar="TO", help="An empty folder, or an earlier copy; or s3://BUCKET/PREFIX, to back up."),
    ],
    delete: Annotated[
        bool, typer.Option("--delete", help="Remove from a copy in a folder what the store no longer has.")
    ] = False,
    keep: Annotated[
        int | None, typer.Option(min=1, help="Remove all but so many backups from the bucket, if there are no faults.")
    ] = None,
    backup: Annotated[
        str | None, typer.Option(metavar="NAME", help="Restore this backup, as `store list` shows it, not the newest.")
    ] = None,
    json: _Json = False,
) -> None:
    """Copy a store, also while it is in use, to a folder or a bucket; of an earlier copy what has changed. Results are
    verified."""
    options = [flag for flag, is_given in (("--delete", delete), ("--json", json)) if is_given]
    options += [f"--keep={keep}"] * (keep is not None) + [f"--backup={backup}"] * (backup is not None)
    _run("copy", source, target, *options)


@store.command(name="list")
def list_backups(
    bucket: Annotated[str, typer.Argument(metavar="BUCKET", help="s3://BUCKET/PREFIX")],
    json: _Json = False,
) -> None:
    """List the backups in a bucket, the oldest first."""
    _run("list", bucket, *["--json"] * json)


@store.command()
def check(
    place: Annotated[
        str, typer.Argument(metavar="PLACE", help="Where a store is, or is to be; or s3://BUCKET/PREFIX of backups.")
    ],
    hosts: Annotated[
        int, typer.Option(min=1, help="Run it on so many machines at once: they try whether locks hold between them.")
    ] = 1,
    read: Annotated[
        bool,
        typer.Option(
            "--read",
            help="Read all that the backups in a bucket have, and compare it with its sha256. What is damaged is "
            "removed, so that the next backup sends it again.",
        ),
    ] = False,
    json: _Json = False,
) -> None:
    """Check that a disk keeps what a store needs: locks, hard links, replacing by rename; or a bucket what backups
    need: objects that are created once, and replaced by their tag alone."""
    flags = [flag for flag, is_given in (("--read", read), ("--json", json)) if is_given]
    _run("check", place, "--hosts", str(hosts), *flags)


def _run(*arguments: str) -> None:
    from trainyard.up.application import run_store_command  # noqa: PLC0415 - no other command needs it

    raise typer.Exit(run_store_command(arguments))
