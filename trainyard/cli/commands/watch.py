"""`trainyard watch`."""

import typer

from trainyard.cli.exit_codes import Exit
from trainyard.cli.identifiers import resolve_id
from trainyard.cli.options import DEFAULT_URL, IdArgument, JsonOption, UrlOption
from trainyard.cli.output import make_console, print_json, warn
from trainyard.cli.views.training import follow
from trainyard.client import Client


def watch(experiment: IdArgument, json: JsonOption = False, url: UrlOption = DEFAULT_URL) -> None:
    """Follow an experiment until it ends; with --json, wait and print its record.

    Ctrl-C stops watching, not the experiment.
    """
    with Client(url) as client:
        raise typer.Exit(watch_to_end(client, resolve_id(client, experiment), json))


def watch_to_end(client: Client, experiment_id: str, as_json: bool) -> Exit:
    try:
        if as_json:
            experiment = client.wait(experiment_id)
            print_json(experiment.to_dict())
        else:
            experiment = follow(client, experiment_id, make_console())
    except KeyboardInterrupt:
        warn(f"the experiment continues; watch it again with: trainyard watch {experiment_id}")
        return Exit.INTERRUPTED
    return Exit.OK if experiment.status == "succeeded" else Exit.FAILED
