"""`trainyard watch`."""

import typer
from rich.console import Console

from trainyard.cli.commands.options import DEFAULT_URL, IdArgument, JsonOption, UrlOption
from trainyard.cli.exit_codes import Exit
from trainyard.cli.identifiers import full_id
from trainyard.cli.output import console, print_json, warn
from trainyard.cli.record_view import outcome_lines
from trainyard.cli.training_view import training_view
from trainyard.client import Client, JsonObject


def watch(experiment: IdArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Follow an experiment to its end; with --json, wait for it and print the record.

    Ctrl-C stops watching, not the experiment.
    """
    with Client(url) as client:
        raise typer.Exit(watched(client, full_id(client, experiment), json))


def watched(client: Client, experiment_id: str, json: bool) -> Exit:
    """Show an experiment until it ends."""
    try:
        if json:
            record = client.wait(experiment_id)
            print_json(record)
        else:
            record = followed(client, experiment_id, console())
    except KeyboardInterrupt:
        warn(f"the experiment goes on; watch it again with: trainyard watch {experiment_id}")
        return Exit.INTERRUPTED
    return Exit.OK if record["status"] == "succeeded" else Exit.FAILED


def followed(client: Client, experiment_id: str, screen: Console) -> JsonObject:
    """Show an experiment as it learns and how it ended; return its last record."""
    with training_view(screen, client.get(experiment_id)) as view:
        for event in client.events(experiment_id):
            view.show(event)
    record = client.get(experiment_id)
    for line in outcome_lines(record):
        screen.print(line)
    return record
