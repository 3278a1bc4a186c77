"""`trainyard demo`."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from trainyard.cli.exit_codes import Exit
from trainyard.cli.output import make_console, warn


def demo(
    data: Annotated[Path | None, typer.Option(help="Folder to keep everything in; a temporary one by default.")] = None,
) -> None:
    """Start a separate Trainyard, train on handwritten digits, show the result, predict, stop."""
    from trainyard.cli.demo.demo import run_demo  # noqa: PLC0415 - no other command needs it

    # SIGTERM, too, stops what was started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run_demo(make_console(), data)
    except KeyboardInterrupt:
        warn("interrupted")
        raise typer.Exit(Exit.INTERRUPTED) from None
