"""`trainyard label`."""

from collections.abc import Iterator
from typing import Annotated

import typer

from trainyard.answers.predictions import LabeledPrediction
from trainyard.cli.options import DEFAULT_URL, JsonOption, UrlOption
from trainyard.cli.output import print_answer
from trainyard.client import Client


def label(
    prediction: Annotated[str, typer.Argument(metavar="ID", help="The id of a prediction of the last hour.")],
    name: Annotated[str, typer.Argument(metavar="CLASS", help="The class that the image shows.")],
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Label the image of a prediction; labeled images become a dataset to train on."""
    with Client(url) as client:
        print_answer(client.label(prediction, name), json, labeled_view)


def labeled_view(labeled: LabeledPrediction) -> Iterator[str]:
    predicted = f"predicted: {labeled.predicted} {labeled.probability:.1%}"
    yield f"{labeled.label} ({predicted}) was added to {labeled.dataset}"
