"""`trainyard compare`, `lineage`, `reproduce` and `reproduction`."""

from collections.abc import Callable, Iterator
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.table import Column

from trainyard.answers.comparisons import Compared, Comparison, Flips, Lineage, Reproduction
from trainyard.answers.experiments import Experiment
from trainyard.cli.identifiers import resolve_id
from trainyard.cli.options import DEFAULT_URL, IdArgument, JsonOption, UrlOption
from trainyard.cli.output import print_answer
from trainyard.cli.views.curves import sparkline
from trainyard.cli.views.tables import Listing, prose, right
from trainyard.cli.views.text import epoch_text, known_metric_text, metric_text
from trainyard.client import Client

_LISTED = 10
_CURVES = ("val_loss", "val_accuracy")
_CURVE_WIDTH = 20
IdsArgument = Annotated[
    list[str],
    typer.Argument(metavar="ID ID...", help="Ids, possibly shortened; the first is the baseline for the others."),
]


def compare(
    experiments: IdsArgument,
    split: Annotated[str, typer.Option(help="training, validation or test.")] = "test",
    limit: Annotated[int, typer.Option(min=0, max=1000, help="How many flipped samples to list, each way.")] = _LISTED,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Compare experiments: metrics, flipped samples, and whether the difference can be chance."""
    with Client(url) as client:
        ids = [resolve_id(client, each) for each in experiments]
        print_answer(client.compare(*ids, split=split, limit=limit), json, comparison_view)


def comparison_view(comparison: Comparison) -> Iterator[RenderableType]:
    if comparison.note:
        yield f"{comparison.note}\n"
    yield _metrics_table(comparison)
    for compared, pair in zip(comparison.experiments[1:], comparison.pairs, strict=True):
        yield f"\n{pair.verdict}"
        yield f"changed: {compared.changed}"
        for kind, flips in (("fixed", pair.fixed), ("regressed", pair.regressed)):
            if flips.items:
                yield _flips_table(kind, flips)


def _metrics_table(comparison: Comparison) -> Listing:
    """One row per metric and per curve of the validation split, one column per experiment."""
    title = f"{comparison.dataset}, {comparison.split}, {comparison.samples:,} samples"
    headers: list[str | Column] = [title, *(right(compared.name) for compared in comparison.experiments)]
    metrics = ((name, *map(text, comparison.experiments)) for name, text in _METRICS.items())
    curves = (
        (name, *(sparkline(curve, _CURVE_WIDTH) for curve in values))
        for name, values in comparison.curves.history.items()
        if name in _CURVES
    )
    return Listing(headers, (*metrics, *curves))


def _flips_table(kind: str, flips: Flips) -> Listing:
    """One row per listed sample, with the predictions of both experiments."""
    shown = len(flips.items)
    title = kind if shown == flips.total else f"{kind}, {shown:,} of {flips.total:,}"
    rows = (
        (
            str(flip.index),
            flip.true.label,
            *(f"{guess.label} {guess.probability:.0%}" for guess in (flip.first, flip.other)),
            flip.image or "none",
        )
        for flip in flips.items
    )
    return Listing((title, "true", "first", "other", "image"), rows)


def _interval_text(compared: Compared) -> str:
    low, high = compared.accuracy_interval
    return f"{metric_text(low)} to {metric_text(high)}"


_METRICS: dict[str, Callable[[Compared], str]] = {
    "accuracy": lambda compared: metric_text(compared.accuracy),
    "95 % interval": _interval_text,
    "top-3 accuracy": lambda compared: metric_text(compared.top_3_accuracy),
    "macro F1": lambda compared: metric_text(compared.macro_f1),
    "loss": lambda compared: metric_text(compared.loss),
    "calibration error": lambda compared: metric_text(compared.calibration_error),
    "parameters": lambda compared: "unknown" if compared.parameters is None else f"{compared.parameters:,}",
    "epochs": lambda compared: f"{compared.epochs:,}",
    "published epoch": lambda compared: epoch_text(compared.published_epoch),
    "seconds": lambda compared: f"{compared.seconds:,.1f}",
    "looks at test results": lambda compared: f"{compared.peeks:,}",
}


def lineage(experiment: IdArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Show what an experiment is based on, what each step changed and gained, and what is based on it."""
    with Client(url) as client:
        print_answer(client.lineage(resolve_id(client, experiment)), json, lineage_view)


def lineage_view(lineage: Lineage) -> Iterator[RenderableType]:
    """Accuracies are those of the test split."""
    yield lineage.summary
    if lineage.note:
        yield lineage.note
    headers = ("id", prose("name"), "status", right("test\naccuracy"), right("gain"), prose("changed, and why"))
    rows = (
        (
            step.id,
            step.name,
            step.status,
            known_metric_text(step.accuracy),
            "" if step.accuracy_gain is None else f"{step.accuracy_gain:+.4f}",
            "\n".join(filter(None, (step.changed, step.notes))),
        )
        for step in lineage.items
    )
    yield Listing(headers, rows)
    for child in lineage.children or ():
        yield f"based on it: {child.id}  {child.name}, {child.status}"


def reproduce(experiment: IdArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Run a succeeded experiment again, with the same spec and seed."""
    with Client(url) as client:
        print_answer(client.reproduce(resolve_id(client, experiment)), json, reproducing_view)


def reproducing_view(experiment: Experiment) -> Iterator[str]:
    yield experiment.id
    yield f"when it has succeeded: trainyard reproduction {experiment.id}"


def reproduction(experiment: IdArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Show whether an experiment gave the result of the one that it reproduces, and what differed."""
    with Client(url) as client:
        print_answer(client.reproduction(resolve_id(client, experiment)), json, reproduction_view)


def reproduction_view(reproduction: Reproduction) -> Iterator[str]:
    yield f"{reproduction.outcome.replace('_', ' ')}: {reproduction.summary}"
    yield from reproduction.differences
    if reproduction.advice:
        yield reproduction.advice
