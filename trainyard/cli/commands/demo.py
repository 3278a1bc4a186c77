"""`trainyard demo`."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from trainyard.cli.exit_codes import Exit
from trainyard.cli.output import console, warn
from trainyard.errors import DemoError


def demo(
    data: Annotated[
        Path | None, typer.Option(help="Folder to keep everything in; a temporary one if left out.")
    ] = None,
) -> None:
    """Start a Trainyard of its own, train on handwritten digits, look at the result, predict, stop."""
    from trainyard.demo.demo import run_demo  # noqa: PLC0415 - no other command needs it, and it costs

    # So that a SIGTERM, too, stops what was started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run_demo(console(), data)
    except DemoError as error:
        warn(str(error))
        raise typer.Exit(Exit.FAILED) from None
    except KeyboardInterrupt:
        warn("stopped before its end")
        raise typer.Exit(Exit.INTERRUPTED) from None
