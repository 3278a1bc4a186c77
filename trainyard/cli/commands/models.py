"""`trainyard models`, `trainyard serve`: which model answers for each dataset."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.table import Table

from trainyard.cli.commands.options import DEFAULT_URL, JsonOption, UrlOption
from trainyard.cli.identifiers import full_id
from trainyard.cli.output import console, metric_text, print_json
from trainyard.client import BEST, Client, JsonObject


def models(json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """List the models that serve, and those that were rejected."""
    with Client(url) as client:
        items = client.models()
    if json:
        print_json(items)
        return
    table = Table("dataset", "served by", "name", "val_accuracy", "accuracy", "because", box=None, pad_edge=False)
    for model in items:
        named = [model["experiment_id"] or "none", model["name"] or ""]
        metrics = ["" if model[name] is None else metric_text(model[name]) for name in ("val_accuracy", "accuracy")]
        table.add_row(model["dataset"], *named, *metrics, _because(model))
    console().print(table)
    for model in items:
        for line in _rejected_lines(model):
            console().print(line)


def serve(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="A dataset's name.")],
    model: Annotated[
        str, typer.Argument(metavar="ID|best", help="The experiment whose model is to serve, or best: the best one.")
    ],
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Pin a model, so that it answers for a dataset whatever is better; or go back to the best one."""
    with Client(url) as client:
        answer = client.serve(dataset, model if model == BEST else full_id(client, model))
    if json:
        print_json(answer)
        return
    named = (
        f"{answer['name']}, {answer['experiment_id']} ({_because(answer)})" if answer["experiment_id"] else "no model"
    )
    console().print(f"{answer['dataset']} is served by {named}")
    for line in _rejected_lines(answer):
        console().print(line)


def _because(model: JsonObject) -> str:
    if model["policy"] == BEST:
        return "it is the best" if model["experiment_id"] else ""
    if model["experiment_id"] == model["pinned_experiment_id"]:
        return "it is pinned"
    return f"the pinned {model['pinned_experiment_id']} is rejected"


def _rejected_lines(model: JsonObject) -> Iterator[str]:
    for rejected in model["rejected"]:
        yield f"rejected for {model['dataset']}: {rejected['experiment_id'] or 'the pin'}: {rejected['reason']}"
