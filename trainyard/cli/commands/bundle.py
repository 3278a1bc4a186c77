"""`trainyard bundle`: a model to take away."""

from pathlib import Path
from typing import Annotated

import typer

from trainyard.cli.commands.options import DEFAULT_URL, IdArgument, UrlOption
from trainyard.cli.identifiers import full_id
from trainyard.cli.output import console
from trainyard.client import Client


def bundle(
    experiment_id: IdArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="The zip to write; ID.zip if left out.")
    ] = None,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Write a model to a zip, with what is needed to ask it without Trainyard."""
    with Client(url) as client:
        model = full_id(client, experiment_id)
        target = output or Path(f"{model}.zip")
        try:
            client.bundle(model, target)
        except OSError as error:
            raise typer.BadParameter(f"{target} cannot be written: {error.strerror}", param_hint="--output") from error
    console().print(f"{target} holds the model; unzip it and run: python predict.py IMAGE", markup=False)
