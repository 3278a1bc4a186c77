"""`trainyard worker`: workers of a service that runs elsewhere."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from trainyard.errors import PreflightError
from trainyard.up.application import WORKER_PACKAGES, check_installed, read_settings
from trainyard.up.data_folder import PRIVATE, DataFolder
from trainyard.up.gpus import plan_workers, say_devices
from trainyard.up.redis_url import check_redis
from trainyard.up.servers import Servers
from trainyard.up.signals import Signals
from trainyard.up.supervisor import Supervisor

Print = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """`data` is for logs."""

    data: Path
    workers: int | None = None
    gpus: str | None = None
    gpus_per_worker: int | None = None


def run_workers(options: WorkerOptions, say: Print, warn: Print) -> None:
    """Run the workers until a signal asks to stop; each gives back what it trains, with a checkpoint. `say` gets what
    each trains on, `warn` reports exits. Raises PreflightError before anything is started. No process is left running.
    """
    check_installed(WORKER_PACKAGES)
    os.umask(PRIVATE)
    settings = read_settings()
    if not settings.redis_url or settings.store_dir is None:
        raise PreflightError(
            "set REDIS_URL and TRAINYARD_STORE_DIR to the Redis and the store folder of the service; for a service on "
            "this machine alone: trainyard up"
        )
    if not settings.store_dir.is_dir():
        raise PreflightError(
            f"TRAINYARD_STORE_DIR {settings.store_dir} is not a folder here; mount the service's store"
        )
    devices = plan_workers(options.workers, options.gpus, settings.cuda_visible_devices, warn, options.gpus_per_worker)
    folder = DataFolder(options.data)
    with Signals() as signals, folder.lock("trainyard worker"):
        check_redis(settings.redis_url)
        commands = Servers(settings, folder, settings.redis_url).workers(devices)
        supervisor = Supervisor((commands,), warn)
        try:
            supervisor.start()
            say_devices(devices, say)
            say(f"Started {', '.join(each.name for each in commands)}; Ctrl-C stops; logs in {folder.logs}")
            supervisor.run(signals)
        finally:
            supervisor.stop(signals)
