"""`trainyard worker`."""

from pathlib import Path
from typing import Annotated

import typer

from trainyard.cli.options import GpusOption, GpusPerWorkerOption, WorkersOption
from trainyard.cli.output import warn


def worker(
    workers: WorkersOption = None,
    gpus: GpusOption = None,
    gpus_per_worker: GpusPerWorkerOption = None,
    data: Annotated[Path, typer.Option(help="Folder for logs.")] = Path("var"),
) -> None:
    """Run workers of a service that runs elsewhere, until Ctrl-C: one for each GPU.

    REDIS_URL and TRAINYARD_STORE_DIR name the Redis and the store folder that they share with it.
    """
    from trainyard.up.worker import WorkerOptions, run_workers  # noqa: PLC0415 - no other command needs it

    run_workers(WorkerOptions(data, workers, gpus, gpus_per_worker), say=_say, warn=warn)


def _say(line: str) -> None:
    print(line, flush=True)
