"""`trainyard up` from the first check to the last process."""

import contextlib
import http.client
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainyard.errors import PreflightError, StartError
from trainyard.up.address import Address, check_address, is_loopback, reserve_port
from trainyard.up.application import ServiceSettings, check_installed, create_first_key, read_settings
from trainyard.up.child import Command
from trainyard.up.data_folder import PRIVATE, DataFolder
from trainyard.up.gpus import plan_workers, say_devices
from trainyard.up.redis_url import check_redis
from trainyard.up.servers import API, Servers
from trainyard.up.signals import Signals
from trainyard.up.supervisor import Supervisor
from trainyard.up.valkey import PrivateValkey

_START_SECONDS = 60.0
_TICK_SECONDS = 0.1
_PROBE_SECONDS = 1.0
_TAIL_LINES = 15
_API_PROCESSES = "TRAINYARD_API_PROCESSES"

Print = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    host: str
    port: int
    data: Path
    workers: int | None
    auth: str | None = None
    insecure: bool = False
    api_processes: str | None = None
    gpus: str | None = None
    gpus_per_worker: int | None = None


def run_up(options: Options, say: Print, warn: Print) -> None:
    """Run everything until a signal asks to stop. `say` gets the ready line, `warn` reports exits of children.

    Raises PreflightError before anything is started, StartError if the API does not start. No process is left
    running in any case.
    """
    check_installed()
    # Everything that it and its children write is for the user alone: records, images, logs, Valkey's files.
    os.umask(PRIVATE)
    settings = read_settings({} if options.api_processes is None else {_API_PROCESSES: options.api_processes})
    settings = settings.model_copy(update={"auth": options.auth or settings.auth})
    if settings.auth == "none" and not options.insecure and not is_loopback(options.host):
        raise PreflightError(
            f"without keys everybody who reaches {options.host} could do everything; add --auth keys, or --insecure "
            "to allow it"
        )
    devices = plan_workers(options.workers, options.gpus, settings.cuda_visible_devices, warn, options.gpus_per_worker)
    folder = DataFolder(options.data)
    with Signals() as signals, folder.lock(), _redis(settings, folder) as (redis_url, valkey):
        address = check_address(options.host, options.port)
        servers = Servers(settings, folder, redis_url)
        api = servers.api(address)
        serving = (api, *servers.workers(devices))
        supervisor = Supervisor((serving, valkey), warn)
        try:
            supervisor.start()
            if _wait_for_api(supervisor, address, signals):
                if settings.auth == "keys" and (key := create_first_key(api.environment)):
                    say(f"The first admin key, which is never shown again: {key}")
                say(f"Trainyard is ready: {address.url}")
                say_devices(devices, say)
                say(f"Ctrl-C stops it; logs in {folder.logs}")
                supervisor.run(signals)
        finally:
            supervisor.stop(signals)


@contextlib.contextmanager
def _redis(settings: ServiceSettings, folder: DataFolder) -> Iterator[tuple[str, Sequence[Command]]]:
    """The URL of the Redis to use, and the commands that run it: none if the environment names a server."""
    if settings.redis_url:
        check_redis(settings.redis_url)
        yield settings.redis_url, ()
        return
    with folder.lock_valkey() as lock, reserve_port() as port:
        valkey = PrivateValkey(folder, port, lock)
        yield valkey.url, (valkey.command(),)


def _wait_for_api(supervisor: Supervisor, address: Address, signals: Signals) -> bool:
    """Wait until the API answers; False if a signal asks to stop first. Raises StartError."""
    api = supervisor.child(API)
    log = api.command.log
    log_start = log.stat().st_size
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(address):
        if signals.wait(_TICK_SECONDS):
            return False
        if not api.is_alive:
            raise StartError(f"the API ended {api.describe_exit()} before it answered.{_tail(log, log_start)}")
        if time.monotonic() > deadline:
            limit = f"within {_START_SECONDS:g} s"
            raise StartError(f"the API does not answer at {address.url} {limit}.{_tail(log, log_start)}")
        supervisor.poll()
    return True


def _answers(address: Address) -> bool:
    """Without urllib or httpx2, which would use a proxy of the environment even for this."""
    connection = http.client.HTTPConnection(address.reachable_host, address.port, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _tail(log: Path, start: int) -> str:
    """The last lines of this run, and the file that has them all."""
    with log.open("rb") as file:
        file.seek(start)
        lines = file.read().decode(errors="replace").splitlines()
    if not lines:
        return f" It wrote nothing to {log}."
    return "\n".join((f" The end of {log}:", *(f"  {line}" for line in lines[-_TAIL_LINES:])))
