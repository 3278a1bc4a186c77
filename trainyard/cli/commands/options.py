"""The arguments and options that many commands share."""

from typing import Annotated

import typer

from trainyard.client import DEFAULT_URL

UrlOption = Annotated[
    str, typer.Option("--url", envvar="TRAINYARD_URL", help="The Trainyard to talk to.", show_envvar=True)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the API's JSON and nothing else.")]
IdArgument = Annotated[
    str, typer.Argument(metavar="ID", help="An experiment's id; 4 or more characters of its beginning or end will do.")
]
SpecArgument = Annotated[
    str, typer.Argument(metavar="SPEC", help="A JSON or YAML file, - for standard input, or the name of a preset.")
]

__all__ = ["DEFAULT_URL", "IdArgument", "JsonOption", "SpecArgument", "UrlOption"]
