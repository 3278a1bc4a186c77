"""`trainyard label`: tell what the image of a prediction shows."""

from typing import Annotated

import typer

from trainyard.cli.commands.options import DEFAULT_URL, JsonOption, UrlOption
from trainyard.cli.output import console, print_json
from trainyard.client import Client


def label(
    prediction: Annotated[str, typer.Argument(metavar="ID", help="A prediction's id, from the last hour.")],
    name: Annotated[str, typer.Argument(metavar="CLASS", help="The name of the class that the image shows.")],
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Tell what the image of a prediction shows; such images become a dataset to train on."""
    with Client(url) as client:
        corrected = client.label(prediction, name)
    if json:
        print_json(corrected)
        return
    console().print(
        f"{corrected['label']} (predicted: {corrected['predicted']} {corrected['probability']:.1%}) "
        f"has gone to {corrected['dataset']}"
    )
