"""Command lines of the API and the workers."""

import os
import secrets
import sys
from collections.abc import Sequence

from trainyard.up import application
from trainyard.up.address import Address
from trainyard.up.application import ServiceSettings
from trainyard.up.child import Command
from trainyard.up.data_folder import DataFolder
from trainyard.up.gpus import Device, visible_uuids

API = "api"
_API_GRACE_SECONDS = 10.0
_WORKER_EXTRA_SECONDS = 5.0


class Servers:
    """The API and the workers of one `trainyard up`, on one store and one Redis."""

    def __init__(self, settings: ServiceSettings, folder: DataFolder, redis_url: str) -> None:
        self._settings = settings
        self._folder = folder
        self._environment = {
            **application.environment(),
            "REDIS_URL": redis_url,
            "TRAINYARD_STORE_DIR": str(settings.store_dir or folder.store),
            # Absolute, because the children run in another folder than the user.
            **({"DATASETS_DIR": str(settings.datasets_dir)} if settings.datasets_dir else {}),
            **({"MODELS_DIR": str(settings.models_dir)} if settings.models_dir else {}),
        }

    def api(self, address: Address) -> Command:
        options = ("--host", address.host, "--port", str(address.port))
        hosts = (*self._settings.hosts, *((address.host,) if address.is_name else ()))
        environment = {
            **self._environment,
            "TRAINYARD_AUTH": self._settings.auth,
            "TRAINYARD_API_PROCESSES": self._settings.api_processes,
            # Uvicorn would believe anybody on this machine who names another address.
            "FORWARDED_ALLOW_IPS": os.environ.get("FORWARDED_ALLOW_IPS", ""),
            **({"TRAINYARD_HOSTS": ",".join(hosts)} if hosts else {}),
        }
        return Command(
            name=API,
            argv=(sys.executable, "-m", "api.server", *options),
            folder=self._folder.root,
            log=self._folder.log(API),
            grace_seconds=_API_GRACE_SECONDS,
            environment=environment,
        )

    def workers(self, devices: Sequence[Device]) -> tuple[Command, ...]:
        """One for each of `devices`."""
        return tuple(self._worker(f"worker-{number}", device) for number, device in enumerate(devices, 1))

    def _worker(self, name: str, device: Device) -> Command:
        uuids = visible_uuids(device) if isinstance(device, tuple) else ""
        visible = {} if device is None else {"CUDA_VISIBLE_DEVICES": uuids}
        pool = ("-P", "prefork", "-c", "1", "--without-gossip", "--without-mingle", "--without-heartbeat")
        label = ("-n", f"{name}-{secrets.token_hex(4)}@%h", "--loglevel", "INFO")
        return Command(
            name=name,
            argv=(sys.executable, "-m", "celery", "-A", "worker.app", "worker", *pool, *label),
            folder=self._folder.root,
            log=self._folder.log(name),
            grace_seconds=self._settings.shutdown_seconds + _WORKER_EXTRA_SECONDS,
            # SIGTERM must begin Celery's warm shutdown: it ends with its task, which the supervisor releases at once.
            # Remapped to SIGQUIT, Celery would sleep out its timeout even when idle, and outlive a lost broker.
            environment={**self._environment, **visible, "REMAP_SIGTERM": ""},
        )
