"""`trainyard up`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from trainyard.cli.options import GpusOption, GpusPerWorkerOption, WorkersOption
from trainyard.cli.output import warn


class Auth(StrEnum):
    NONE = "none"
    KEYS = "keys"


def up(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the API; 0 picks a free one.")] = 8000,
    host: Annotated[str, typer.Option(help="Address that the API listens on.")] = "127.0.0.1",
    data: Annotated[Path, typer.Option(help="Folder to keep everything in.")] = Path("var"),
    workers: WorkersOption = None,
    gpus: GpusOption = None,
    gpus_per_worker: GpusPerWorkerOption = None,
    api_processes: Annotated[
        str | None,
        typer.Option(
            metavar="N|auto",
            help="Processes of the API on the port; auto: one per core. TRAINYARD_API_PROCESSES by default, else 1.",
            show_default=False,
        ),
    ] = None,
    auth: Annotated[
        Auth | None, typer.Option(help="Whether requests need a key; TRAINYARD_AUTH by default.", show_default=False)
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Let everybody who reaches --host do everything, without a key.")
    ] = False,
) -> None:
    """Run Trainyard on this machine: a private Valkey, workers and the API, until Ctrl-C.

    With REDIS_URL set, that server is used instead of a private one. Without keys it listens on this machine only;
    with `--auth keys` the first start prints the first admin key, once.
    """
    from trainyard.up.up import Options, run_up  # noqa: PLC0415 - no other command needs it

    options = Options(
        host, port, data, workers, None if auth is None else auth.value, insecure, api_processes, gpus, gpus_per_worker
    )
    run_up(options, say=_say, warn=warn)


def _say(line: str) -> None:
    print(line, flush=True)
