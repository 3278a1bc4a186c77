"""`trainyard bundle`."""

from pathlib import Path
from typing import Annotated

import typer

from trainyard.cli.identifiers import resolve_id
from trainyard.cli.options import DEFAULT_URL, IdArgument, UrlOption
from trainyard.cli.output import print_lines
from trainyard.client import Client


def bundle(
    experiment: IdArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="The zip to write; ID.zip by default.")
    ] = None,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Export a model to a zip that runs without Trainyard."""
    with Client(url) as client:
        experiment_id = resolve_id(client, experiment)
        target = output or Path(f"{experiment_id}.zip")
        try:
            client.bundle(experiment_id, target)
        except OSError as error:
            raise typer.BadParameter(f"cannot write {target}: {error.strerror}", param_hint="--output") from error
    print_lines(f"{target} contains the model; unzip it and run: python predict.py IMAGE")
