"""`trainyard up`."""

from pathlib import Path
from typing import Annotated

import typer

from trainyard.cli.output import warn


def up(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the API; 0 picks a free one.")] = 8000,
    host: Annotated[str, typer.Option(help="Address that the API listens on.")] = "127.0.0.1",
    data: Annotated[Path, typer.Option(help="Folder to keep everything in.")] = Path("var"),
    workers: Annotated[int, typer.Option(help="How many experiments are trained at once.")] = 1,
) -> None:
    """Run Trainyard on this machine: a private Valkey, workers and the API, until Ctrl-C.

    With REDIS_URL set, that server is used instead of a private one.
    """
    from trainyard.up.up import Options, run_up  # noqa: PLC0415 - no other command needs it

    run_up(Options(host=host, port=port, data=data, workers=workers), say=_say, warn=warn)


def _say(line: str) -> None:
    print(line, flush=True)
