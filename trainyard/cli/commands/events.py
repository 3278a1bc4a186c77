"""`trainyard events`."""

from typing import Annotated

import typer

from trainyard.cli.exit_codes import Exit
from trainyard.cli.identifiers import resolve_id
from trainyard.cli.options import DEFAULT_URL, UrlOption
from trainyard.cli.output import print_json_line
from trainyard.client import Client

IdArguments = Annotated[
    list[str] | None, typer.Argument(metavar="[ID...]", help="Of the experiments, only these.", show_default=False)
]
SinceOption = Annotated[
    str | None, typer.Option("--since", help="The id of the last event received.", show_default=False)
]


def events(experiments: IdArguments = None, since: SinceOption = None, url: UrlOption = DEFAULT_URL) -> None:
    """Print everything that changes as it happens, a line of JSON for each event, until Ctrl-C."""
    with Client(url) as client:
        ids = [resolve_id(client, each) for each in experiments or ()]
        try:
            for change in client.changes(*ids, since=since):
                print_json_line({"event": change.kind, "id": change.id, "data": change.data})
        except KeyboardInterrupt:
            raise typer.Exit(Exit.INTERRUPTED) from None
