"""`trainyard models` and `serve`."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.table import Column

from trainyard.answers.base import ItemList
from trainyard.answers.models import Drift, Promotion, ServingModel, ServingTraffic
from trainyard.cli.identifiers import resolve_id
from trainyard.cli.options import DEFAULT_URL, DatasetArgument, JsonOption, UrlOption
from trainyard.cli.output import print_answer
from trainyard.cli.views.tables import Listing, prose, right
from trainyard.cli.views.text import known_metric_text, time_text
from trainyard.client import Client
from trainyard.operations.models import BEST

_REASONS = {
    "pinned": "it was pinned",
    "best": "it was the best",
    "fallback": "a better one was rejected",
    "none": "no model could serve",
}


def models(
    history: Annotated[
        str | None, typer.Option("--history", metavar="DATASET", help="List the models that have served it before.")
    ] = None,
    traffic: Annotated[bool, typer.Option("--traffic", help="Show what they were asked and have answered.")] = False,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """List the models that serve, and those that were rejected."""
    with Client(url) as client:
        if history is not None:
            print_answer(client.promotions(history), json, history_view)
        elif traffic:
            print_answer(client.traffic(), json, traffic_view)
        else:
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


def history_view(found: ItemList[Promotion]) -> Iterator[RenderableType]:
    if not found:
        yield "no model has served it yet"
        return
    headers = ("since", "served by", prose("name"), right("val\naccuracy"), right("accuracy"), prose("reason"))
    yield Listing(headers, map(_promotion_row, found))


def _promotion_row(each: Promotion) -> tuple[str, ...]:
    metrics = map(known_metric_text, (each.val_accuracy, each.accuracy))
    return time_text(each.at), each.experiment_id or "none", each.name or "", *metrics, _REASONS.get(each.reason, "")


def traffic_view(found: ItemList[ServingTraffic]) -> Iterator[RenderableType]:
    numbers = ("requests\na second", "in an\nhour", "predictions\nin a day", "confident", "in\nvalidation")
    headers = [Column("dataset", no_wrap=True), *map(right, numbers), prose("drift")]
    yield Listing(headers, map(_traffic_row, found))


def _traffic_row(each: ServingTraffic) -> tuple[str, ...]:
    return (
        each.dataset,
        f"{each.requests_per_second:.2f}",
        f"{sum(each.requests_by_minute):,}",
        f"{sum(each.verdicts.values()):,}",
        known_metric_text(each.confident_share),
        known_metric_text(each.validation_confident_share),
        _drift_text(each.drift),
    )


def _drift_text(drift: Drift | None) -> str:
    if drift is None:
        return "unknown"
    return f"{'yes' if drift.is_drifting else 'no'} (distance {drift.distance:.2f}, p {drift.p:.2g})"


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
