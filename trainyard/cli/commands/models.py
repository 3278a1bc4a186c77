"""`trainyard models` and `serve`."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import RenderableType

from trainyard.answers.base import ItemList
from trainyard.answers.models import ServingModel
from trainyard.cli.identifiers import resolve_id
from trainyard.cli.options import DEFAULT_URL, DatasetArgument, JsonOption, UrlOption
from trainyard.cli.output import print_answer
from trainyard.cli.views.tables import Listing, prose, right
from trainyard.cli.views.text import known_metric_text
from trainyard.client import Client
from trainyard.operations.models import BEST


def models(json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """List the models that serve, and those that were rejected."""
    with Client(url) as client:
        print_answer(client.models(), json, list_view)


def list_view(found: ItemList[ServingModel]) -> Iterator[RenderableType]:
    headers = ("dataset", "served by", prose("name"), right("val\naccuracy"), right("accuracy"), prose("reason"))
    rows = (
        (
            model.dataset,
            model.experiment_id or "none",
            model.name or "",
            known_metric_text(model.val_accuracy),
            known_metric_text(model.accuracy),
            _reason(model),
        )
        for model in found
    )
    yield Listing(headers, rows)
    for model in found:
        yield from _rejected_lines(model)


def serve(
    dataset: DatasetArgument,
    model: Annotated[
        str, typer.Argument(metavar="ID|best", help="The experiment whose model serves, or best for the best one.")
    ],
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Pin a model, so that it serves a dataset even if another is better, or return to the best one."""
    with Client(url) as client:
        experiment_id = model if model == BEST else resolve_id(client, model)
        print_answer(client.serve(dataset, experiment_id), json, serving_view)


def serving_view(model: ServingModel) -> Iterator[str]:
    named = f"{model.name}, {model.experiment_id} ({_reason(model)})" if model.experiment_id else "no model"
    yield f"{model.dataset} is served by {named}"
    yield from _rejected_lines(model)


def _reason(model: ServingModel) -> str:
    if model.policy == BEST:
        return "it is the best" if model.experiment_id else ""
    if model.experiment_id == model.pinned_experiment_id:
        return "it is pinned"
    return f"the pinned {model.pinned_experiment_id} is rejected"


def _rejected_lines(model: ServingModel) -> Iterator[str]:
    for rejected in model.rejected:
        yield f"rejected for {model.dataset}: {rejected.experiment_id or 'the pin'}: {rejected.reason}"
