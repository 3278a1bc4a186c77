"""Arguments and options that several commands share."""

from typing import Annotated

import typer

from trainyard.transport import DEFAULT_URL

UrlOption = Annotated[
    str, typer.Option("--url", envvar="TRAINYARD_URL", help="The address of the Trainyard.", show_envvar=True)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the API's JSON and nothing else.")]
IdArgument = Annotated[
    str, typer.Argument(metavar="ID", help="An experiment's id, or at least 4 characters of its beginning or end.")
]
PriorityOption = Annotated[
    int | None,
    typer.Option(min=-100, max=100, help="Of what waits, the highest starts first.", show_default=False),
]
PrivateOption = Annotated[
    bool | None,
    typer.Option("--private/--public", help="Whether others may not see it; default: yours.", show_default=False),
]
SpecArgument = Annotated[
    str, typer.Argument(metavar="SPEC", help="A JSON or YAML file, - for standard input, or the name of a preset.")
]
DatasetArgument = Annotated[str, typer.Argument(metavar="DATASET", help="The name of a dataset.")]
GpusOption = Annotated[
    str | None,
    typer.Option(
        "--gpus",
        metavar="all|none|N|UUID,...",
        help="GPUs to train on, one worker each: all, the first N, or these; by default those that are found.",
        show_default=False,
    ),
]
GpusPerWorkerOption = Annotated[
    int | None,
    typer.Option(help="GPUs that each worker sees, for `training.devices`; one by default.", show_default=False),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        help="How many experiments are trained at once: by default one on each GPU, or one on the processor.",
        show_default=False,
    ),
]

__all__ = [
    "DEFAULT_URL",
    "DatasetArgument",
    "GpusOption",
    "GpusPerWorkerOption",
    "IdArgument",
    "JsonOption",
    "PriorityOption",
    "PrivateOption",
    "SpecArgument",
    "UrlOption",
    "WorkersOption",
]
