"""`trainyard up` from the first check to the last process."""

import contextlib
import http.client
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from settings import Settings
from trainyard.up.address import Address, reserved_port, usable_address
from trainyard.up.child import Command
from trainyard.up.children import Children
from trainyard.up.data_folder import DataFolder
from trainyard.up.errors import RefusedError, StartError
from trainyard.up.redis_url import check_redis
from trainyard.up.servers import API, Servers
from trainyard.up.signals import Signals
from trainyard.up.valkey import PrivateValkey

_START_SECONDS = 60.0
_TICK_SECONDS = 0.1
_PROBE_SECONDS = 1.0
_TAIL_LINES = 15

_OWN_NAMES = ("REDIS_URL", "DATASETS_DIR")

Print = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    host: str
    port: int
    data: Path
    workers: int


def run_up(options: Options, say: Print, warn: Print) -> None:
    """Run everything until a signal asks to stop. `say` gets the ready line, `warn` what befalls children.

    Raises RefusedError before anything has been started, StartError when the API does not come up. In each
    case, and at the end, no process is left.
    """
    if options.workers < 1:
        raise RefusedError(f"expected at least one worker, received --workers {options.workers}")
    settings = _settings()
    folder = DataFolder(options.data)
    with Signals() as signals, folder.taken(), _redis(settings, folder) as (redis_url, valkey):
        address = usable_address(options.host, options.port)
        servers = Servers(settings, folder, redis_url)
        serving = (servers.api(address), *servers.workers(options.workers))
        children = Children((serving, valkey), warn)
        try:
            children.start()
            if _comes_up(children, address, signals):
                say(f"Trainyard is ready: {address.url}")
                say(f"Ctrl-C stops it; logs in {folder.logs}")
                _watch_over(children, signals)
        finally:
            children.stop(signals)


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper()
        known = name if name in _OWN_NAMES else f"TRAINYARD_{name}"
        raise RefusedError(f"the environment's {known} is {first['input']!r}: {first['msg']}") from None


@contextlib.contextmanager
def _redis(settings: Settings, folder: DataFolder) -> Iterator[tuple[str, Sequence[Command]]]:
    """The URL of the Redis to use, and the commands that it takes: none if the user brings one."""
    if "redis_url" in settings.model_fields_set and settings.redis_url:
        check_redis(settings.redis_url)
        yield settings.redis_url, ()
        return
    with folder.valkey_lock() as lock, reserved_port() as port:
        valkey = PrivateValkey(folder, port, lock)
        yield valkey.url, (valkey.command(),)


def _comes_up(children: Children, address: Address, signals: Signals) -> bool:
    """Wait until the API answers; False if a signal asked to stop before that. Raises StartError."""
    api = children.child(API)
    log = api.command.log
    begin = log.stat().st_size
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(address):
        if signals.wait(_TICK_SECONDS):
            return False
        if not api.is_alive:
            raise StartError(f"the API ended {api.ending()} before it answered.{_tail(log, begin)}")
        if time.monotonic() > deadline:
            patience = f"within {_START_SECONDS:g} s"
            raise StartError(f"the API does not answer at {address.url} {patience}.{_tail(log, begin)}")
        children.tend()
    return True


def _answers(address: Address) -> bool:
    """Without urllib or httpx2, which would send even this through a proxy that the environment names."""
    connection = http.client.HTTPConnection(address.reachable_host, address.port, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _tail(log: Path, begin: int) -> str:
    """The last lines that this run's API has written, with the place of the rest."""
    with log.open("rb") as file:
        file.seek(begin)
        lines = file.read().decode(errors="replace").splitlines()
    if not lines:
        return f" It wrote nothing to {log}."
    return "\n".join((f" The end of {log}:", *(f"  {line}" for line in lines[-_TAIL_LINES:])))


def _watch_over(children: Children, signals: Signals) -> None:
    while not signals.wait(_TICK_SECONDS):
        children.tend()
