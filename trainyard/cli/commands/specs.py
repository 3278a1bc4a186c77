"""`trainyard submit`, `validate`, `presets`: what to train."""

from typing import Annotated

import typer
from rich.table import Table

from trainyard.cli.commands.options import DEFAULT_URL, JsonOption, SpecArgument, UrlOption
from trainyard.cli.commands.watch import watched
from trainyard.cli.output import console, print_json
from trainyard.cli.spec_source import read_spec
from trainyard.cli.training_view import duration_text
from trainyard.client import Client, JsonObject


def submit(
    spec: SpecArgument,
    watch: Annotated[bool, typer.Option("--watch", help="Follow it to its end.")] = False,
    idempotency_key: Annotated[
        str | None, typer.Option(metavar="KEY", help="The same key and spec give the same experiment.")
    ] = None,
    json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
) -> None:
    """Queue an experiment."""
    with Client(url) as client:
        record = client.submit(read_spec(client, spec), idempotency_key)
        if not json:
            console().print(f"{record['id']}  {record['name']} on {record['dataset']}, {record['status']}")
        if watch:
            raise typer.Exit(watched(client, record["id"], json))
    if json:
        print_json(record)
    else:
        console().print(f"follow it with: trainyard watch {record['id']}")


def validate(spec: SpecArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Check a spec without queueing it: layers, parameters, steps per epoch, time, warnings."""
    with Client(url) as client:
        answer = client.validate(read_spec(client, spec))
    if json:
        print_json(answer)
        return
    screen = console()
    screen.print(_layer_table(answer))
    parameters = answer["parameters"]
    screen.print(f"{parameters['total']:,} parameters, {parameters['trainable']:,} of them trainable")
    estimate = answer["estimate"]
    screen.print(f"{answer['steps_per_epoch']:,} steps per epoch, {estimate['seconds_per_epoch']:g} s")
    screen.print(
        f"about {duration_text(estimate['seconds'])} and {estimate['memory_mb']:,} MB, judging by {estimate['basis']}"
    )
    for warning in answer["warnings"]:
        screen.print(f"warning: {warning}")


def _layer_table(answer: JsonObject) -> Table:
    table = Table("layer", "type", "output shape", box=None, pad_edge=False)
    table.add_column("parameters", justify="right")
    for layer in answer["layers"]:
        shape = " x ".join(str(size) for size in layer["output_shape"])
        table.add_row(layer["name"], layer["type"], shape, f"{layer['parameters']:,}")
    return table


def presets(json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """List the experiments to start from."""
    with Client(url) as client:
        found = client.presets()
    if json:
        print_json({"items": list(found), "next_cursor": None})
        return
    table = Table("name", "dataset", box=None, pad_edge=False)
    table.add_column("parameters", justify="right")
    table.add_column("title")
    for preset in found:
        table.add_row(preset["name"], preset["spec"]["dataset"]["name"], f"{preset['parameters']:,}", preset["title"])
    console().print(table)
