"""`trainyard label` and `relabel`."""

from collections.abc import Iterator
from typing import Annotated

import typer

from trainyard.answers.predictions import LabeledPrediction, LabeledSample
from trainyard.cli.identifiers import resolve_id
from trainyard.cli.options import DEFAULT_URL, IdArgument, JsonOption, UrlOption
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


def relabel(
    experiment: IdArgument,
    index: Annotated[int, typer.Argument(min=0, help="The sample, as counted within its split.")],
    name: Annotated[str, typer.Argument(metavar="CLASS", help="The class that it shows.")],
    split: Annotated[str, typer.Option("--split", help="training, validation or test.")] = "test",
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Correct the label of a sample; corrected images become a dataset that experiments can add."""
    with Client(url) as client:
        print_answer(client.relabel(resolve_id(client, experiment), index, name, split), json, relabeled_view)


def relabeled_view(labeled: LabeledSample) -> Iterator[str]:
    sample = f"sample {labeled.sample} of {labeled.source}, labeled {labeled.true}"
    yield f"{sample}, was added to {labeled.dataset} as {labeled.label}"
