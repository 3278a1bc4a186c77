"""`trainyard submit`, `continue`, `validate` and `presets`."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import RenderableType

from trainyard.answers.base import ItemList
from trainyard.answers.experiments import Experiment
from trainyard.answers.specs import Preset, Validation
from trainyard.cli.commands.groups import show_group
from trainyard.cli.commands.watch import watch_to_end
from trainyard.cli.identifiers import resolve_id
from trainyard.cli.options import (
    DEFAULT_URL,
    IdArgument,
    JsonOption,
    PriorityOption,
    PrivateOption,
    SpecArgument,
    UrlOption,
)
from trainyard.cli.output import print_answer, print_json, print_lines
from trainyard.cli.spec_source import read_spec
from trainyard.cli.views.experiments import summary_line
from trainyard.cli.views.tables import Listing, prose, right
from trainyard.cli.views.text import duration_text, size_text
from trainyard.client import Client

WatchOption = Annotated[bool, typer.Option("--watch", help="Follow it until it ends.")]


def submit(
    spec: SpecArgument,
    watch: WatchOption = False,
    idempotency_key: Annotated[
        str | None, typer.Option(metavar="KEY", help="The same key and spec return the same experiment.")
    ] = None,
    priority: PriorityOption = None,
    repeats: Annotated[
        int | None, typer.Option(min=2, metavar="N", help="Train it N times, with other seeds.", show_default=False)
    ] = None,
    private: PrivateOption = None,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Queue an experiment."""
    with Client(url) as client:
        if repeats is not None:
            queued = client.submit_repeats(read_spec(client, spec), repeats, idempotency_key, priority, private)
            raise typer.Exit(show_group(client, queued, watch, json))
        _show_queued(client, client.submit(read_spec(client, spec), idempotency_key, priority, private), watch, json)


def continue_(
    experiment: IdArgument,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="So many in all, those before included.", show_default=False)
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Another learning rate.", show_default=False)] = None,
    watch: WatchOption = False,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Go on where an experiment has ended, as a new experiment."""
    with Client(url) as client:
        queued = client.continue_training(resolve_id(client, experiment), epochs, learning_rate)
        _show_queued(client, queued, watch, json)


def _show_queued(client: Client, experiment: Experiment, watch: bool, json: bool) -> None:
    if not json:
        print_lines(summary_line(experiment))
    if watch:
        raise typer.Exit(watch_to_end(client, experiment.id, json))
    if json:
        print_json(experiment.to_dict())
    else:
        print_lines(f"follow it with: trainyard watch {experiment.id}")


def validate(spec: SpecArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Check a spec without queueing it: layers, parameters, steps per epoch, time, warnings."""
    with Client(url) as client:
        print_answer(client.validate(read_spec(client, spec)), json, validation_view)


def validation_view(validation: Validation) -> Iterator[RenderableType]:
    rows = (
        (layer.name, layer.type, size_text(layer.output_shape), f"{layer.parameters:,}") for layer in validation.layers
    )
    yield Listing(("layer", "type", "output shape", right("parameters")), rows)
    yield f"{validation.parameters.total:,} parameters, {validation.parameters.trainable:,} of them trainable"
    estimate = validation.estimate
    yield f"{validation.steps_per_epoch:,} steps per epoch, {estimate.seconds_per_epoch:g} s"
    margin = ""
    if estimate.seconds_low is not None and estimate.seconds_high is not None:
        margin = f" ({duration_text(estimate.seconds_low)} to {duration_text(estimate.seconds_high)})"
    yield f"about {duration_text(estimate.seconds)}{margin} and {estimate.memory_mb:,} MB, judging by {estimate.basis}"
    for warning in validation.warnings:
        yield f"warning: {warning}"


def presets(json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """List the experiments to start from."""
    with Client(url) as client:
        print_answer(client.presets(), json, presets_view)


def presets_view(found: ItemList[Preset]) -> Iterator[RenderableType]:
    rows = (
        (
            preset.name,
            preset.spec["dataset"]["name"],
            f"{preset.parameters:,}",
            f"{preset.measured.test_accuracy:.4f}" if preset.measured else "",
            preset.title,
        )
        for preset in found
    )
    yield Listing(("name", "dataset", right("parameters"), right("test accuracy"), prose("title")), rows)
