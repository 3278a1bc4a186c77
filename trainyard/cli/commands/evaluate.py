"""`trainyard evaluate`."""

from typing import Annotated

import typer

from trainyard.cli.exit_codes import Exit
from trainyard.cli.identifiers import resolve_id
from trainyard.cli.options import DEFAULT_URL, IdArgument, JsonOption, UrlOption
from trainyard.cli.output import print_answer
from trainyard.cli.views.evaluations import cross_dataset_lines
from trainyard.client import Client


def evaluate(
    experiment: IdArgument,
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="A dataset with classes that the network knows.")],
    split: Annotated[str, typer.Option(help="Its samples to use: all, train or test.")] = "all",
    prep: Annotated[
        str | None, typer.Option(help="auto, the default: images are prepared as for a prediction; none: only resized.")
    ] = None,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Evaluate a trained network on another dataset, and wait for the metrics.

    Ctrl-C stops waiting, not the evaluation.
    """
    with Client(url) as client:
        experiment_id = resolve_id(client, experiment)
        client.evaluate(experiment_id, dataset, split, prep)
        evaluation = client.wait_for_evaluation(experiment_id, dataset)
    print_answer(evaluation, json, cross_dataset_lines)
    if evaluation.status == "failed":
        raise typer.Exit(Exit.FAILED)
