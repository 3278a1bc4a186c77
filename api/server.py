"""The server: `python -m api.server --host 127.0.0.1 --port 8000`, one process or several on one port."""

import argparse
import logging
import math
import os
import socket
import sys
import tempfile
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Literal

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from api.app import create_app
from api.processes import Processes, Sibling, Started
from settings import Settings
from standard_streams import lose_what_cannot_be_written

# Streams of events never end by themselves.
_STREAMS_GRACE_SECONDS = 3
_CGROUP_LIMITS = Path("/sys/fs/cgroup/cpu.max")
_BIND_FAILED = 1

log = logging.getLogger(__name__)


def main() -> None:
    lose_what_cannot_be_written()
    parser = argparse.ArgumentParser(prog="python -m api.server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address or name to listen on")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on; 0 picks a free one")
    arguments = parser.parse_args()
    settings = Settings()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    sys.exit(serve(settings, arguments.host, arguments.port))


def serve(settings: Settings, host: str, port: int) -> int:
    """Serve until a signal asks to stop, and return the exit status."""
    try:
        sockets = bind(host, port)
    except OSError as error:
        log.critical("cannot listen on %s, port %d: %s", host, port, error.strerror)
        return _BIND_FAILED
    count = count_processes(settings.api_processes, usable_cores())
    log.info("listening on %s with %d process(es)", " and ".join(map(_address_of, sockets)), count)
    if count == 1:
        server = build_server(settings)
        server.run(sockets)
        return 0 if server.started else STARTUP_FAILURE
    with tempfile.TemporaryDirectory(prefix="trainyard-metrics-") as folder:
        return Processes(count, partial(_serve_as_one_of, settings, count, sockets, Path(folder))).run()


def bind(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen on all addresses of `host`, on one port. Raises OSError."""
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    for family, _, _, _, address in dict.fromkeys(found):
        where = (address[0], port or (sockets[0].getsockname()[1] if sockets else 0), *address[2:])
        sockets.append(socket.create_server(where, family=family, backlog=2048))
    return sockets


def count_processes(wanted: int | Literal["auto"], cores: int) -> int:
    """`auto`: one for each core, because one process uses one."""
    return cores if wanted == "auto" else wanted


def usable_cores(limits: Path = _CGROUP_LIMITS) -> int:
    """As many as this process may keep busy, at least one: a container may have the time of fewer than it sees."""
    seen = len(os.sched_getaffinity(0))
    with suppress(OSError, ValueError):
        quota, period = limits.read_text().split()
        return min(seen, max(1, math.floor(int(quota) / int(period))))
    return seen


def _serve_as_one_of(
    settings: Settings, count: int, sockets: list[socket.socket], folder: Path, number: int, started: Started
) -> int:
    server = build_server(settings, Sibling(number, count, folder), started)
    server.run(sockets)
    return 0 if server.started else STARTUP_FAILURE


class _Server(uvicorn.Server):
    """Announces that it answers."""

    def __init__(self, config: uvicorn.Config, started: Started) -> None:
        super().__init__(config)
        self._announce = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()


def build_server(settings: Settings, sibling: Sibling | None = None, started: Started = lambda: None) -> uvicorn.Server:
    config = uvicorn.Config(
        partial(create_app, settings, sibling),
        factory=True,
        http="api.http_protocol:HttpProtocol",
        timeout_graceful_shutdown=_STREAMS_GRACE_SECONDS,
        access_log=False,
    )
    return _Server(config, started)


def _address_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


if __name__ == "__main__":
    main()
