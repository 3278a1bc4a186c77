"""`trainyard submit`, `validate` and `presets`."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import RenderableType

from trainyard.answers.base import ItemList
from trainyard.answers.specs import Preset, Validation
from trainyard.cli.commands.watch import watch_to_end
from trainyard.cli.options import DEFAULT_URL, JsonOption, SpecArgument, UrlOption
from trainyard.cli.output import print_answer, print_json, print_lines
from trainyard.cli.spec_source import read_spec
from trainyard.cli.views.experiments import summary_line
from trainyard.cli.views.tables import Listing, prose, right
from trainyard.cli.views.text import duration_text, size_text
from trainyard.client import Client


def submit(
    spec: SpecArgument,
    watch: Annotated[bool, typer.Option("--watch", help="Follow it until it ends.")] = False,
    idempotency_key: Annotated[
        str | None, typer.Option(metavar="KEY", help="The same key and spec return the same experiment.")
    ] = None,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Queue an experiment."""
    with Client(url) as client:
        experiment = client.submit(read_spec(client, spec), idempotency_key)
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
    rows = ((preset.name, preset.spec["dataset"]["name"], f"{preset.parameters:,}", preset.title) for preset in found)
    yield Listing(("name", "dataset", right("parameters"), prose("title")), rows)
