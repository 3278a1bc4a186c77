"""`trainyard compare` and `lineage`: experiments side by side, and one after another."""

from collections.abc import Callable
from typing import Annotated

import typer
from rich.table import Table

from trainyard.cli.commands.options import DEFAULT_URL, IdArgument, JsonOption, UrlOption
from trainyard.cli.curves import sparkline
from trainyard.cli.identifiers import full_id
from trainyard.cli.output import console, metric_text, print_json
from trainyard.client import Client, JsonObject

_LISTED = 10
_CURVES = ("val_loss", "val_accuracy")
_CURVE_WIDTH = 20
IdsArgument = Annotated[
    list[str],
    typer.Argument(metavar="ID ID...", help="Ids, cut short as elsewhere; the first is what others are held to."),
]


def compare(
    experiments: IdsArgument,
    split: Annotated[str, typer.Option(help="training, validation or test.")] = "test",
    limit: Annotated[int, typer.Option(min=0, max=1000, help="How many flipped samples to list, each way.")] = _LISTED,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Compare experiments: figures, what flipped, and whether the difference may be chance."""
    with Client(url) as client:
        answer = client.compare(*(full_id(client, each) for each in experiments), split=split, limit=limit)
    if json:
        print_json(answer)
        return
    screen = console()
    screen.print(figures_table(answer))
    for compared, pair in zip(answer["experiments"][1:], answer["pairs"], strict=True):
        screen.print(f"\n{pair['verdict']}")
        screen.print(f"changed: {compared['changed']}")
        for kind in ("fixed", "regressed"):
            if pair[kind]["items"]:
                screen.print(flips_table(kind, pair[kind]))


def figures_table(answer: JsonObject) -> Table:
    """One row for each figure and each curve of the validation split, one column for each experiment."""
    table = Table(f"{answer['dataset']}, {answer['split']}, {answer['samples']:,} samples", box=None, pad_edge=False)
    for compared in answer["experiments"]:
        table.add_column(compared["name"], justify="right")
    for name, text in _FIGURES.items():
        table.add_row(name, *(text(compared) for compared in answer["experiments"]))
    for name, curves in answer["curves"]["history"].items():
        if name in _CURVES:
            table.add_row(name, *(sparkline(curve, _CURVE_WIDTH) for curve in curves))
    return table


def flips_table(kind: str, flips: JsonObject) -> Table:
    """One row for each sample that is listed, with what the first experiment took it for and the other."""
    shown = len(flips["items"])
    heading = kind if shown == flips["total"] else f"{kind}, {shown:,} of {flips['total']:,}"
    table = Table(heading, "true", "first", "other", "image", box=None, pad_edge=False)
    for flip in flips["items"]:
        guesses = (f"{flip[side]['label']} {flip[side]['probability']:.0%}" for side in ("first", "other"))
        table.add_row(str(flip["index"]), flip["true"]["label"], *guesses, flip["image"] or "none")
    return table


def _figure(name: str) -> Callable[[JsonObject], str]:
    return lambda compared: metric_text(compared[name])


def _interval(compared: JsonObject) -> str:
    low, high = compared["accuracy_interval"]
    return f"{metric_text(low)} to {metric_text(high)}"


_FIGURES: dict[str, Callable[[JsonObject], str]] = {
    "accuracy": _figure("accuracy"),
    "95 % interval": _interval,
    "top-3 accuracy": _figure("top_3_accuracy"),
    "macro F1": _figure("macro_f1"),
    "loss": _figure("loss"),
    "calibration error": _figure("calibration_error"),
    "parameters": lambda compared: "unknown" if compared["parameters"] is None else f"{compared['parameters']:,}",
    "epochs": lambda compared: f"{compared['epochs']:,}",
    "seconds": lambda compared: f"{compared['seconds']:,.1f}",
}


def lineage(experiment: IdArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Show what an experiment is based on, what each step changed and gained, and what is based on it."""
    with Client(url) as client:
        answer = client.lineage(full_id(client, experiment))
    if json:
        print_json(answer)
        return
    screen = console()
    screen.print(answer["summary"])
    if answer["note"]:
        screen.print(answer["note"])
    screen.print(steps_table(answer))
    for child in answer["children"] or ():
        screen.print(f"based on it: {child['id']}  {child['name']}, {child['status']}")


def steps_table(answer: JsonObject) -> Table:
    """One row for each experiment, the oldest first. Accuracies are those of the test split."""
    table = Table("id", "name", "status", box=None, pad_edge=False)
    table.columns[0].no_wrap = True
    table.add_column("test accuracy", justify="right")
    table.add_column("gain", justify="right")
    table.add_column("changed")
    for step in answer["items"]:
        accuracy = "" if step["accuracy"] is None else metric_text(step["accuracy"])
        gain = "" if step["accuracy_gain"] is None else f"{step['accuracy_gain']:+.4f}"
        table.add_row(step["id"], step["name"], step["status"], accuracy, gain, step["changed"] or "")
    return table
