"""The server: `python -m api.server --host 127.0.0.1 --port 8000`, one process or several on one port."""

import argparse
import errno
import logging
import socket
import sys
import tempfile
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Literal

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from api.app import create_app
from api.cores import usable_cores
from api.processes import Processes, Sibling, Started
from models_store.errors import Unavailable
from models_store.self_test import check_at_start
from settings import Settings
from standard_streams import lose_what_cannot_be_written

# Streams of events never end by themselves.
_STREAMS_GRACE_SECONDS = 3
_FAILED = 1
# As of IPv6 where that is off: a name may have such an address all the same.
_NOT_OF_THIS_MACHINE = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)

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
        return _FAILED
    try:
        check_at_start(settings.store_dir)
    except Unavailable as error:
        log.critical("%s", error)
        return _FAILED
    count = count_processes(settings.api_processes, usable_cores())
    log.info("listening on %s with %d process(es)", " and ".join(map(_address_of, sockets)), count)
    if count == 1:
        return _run(build_server(settings), sockets)
    with tempfile.TemporaryDirectory(prefix="trainyard-metrics-") as folder:
        return Processes(count, partial(_serve_as_one_of, settings, count, sockets, Path(folder))).run()


def bind(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen on all addresses of `host` that this machine has, on one port. Raises OSError if it has none
    of them, or one is in use."""
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    missing: list[OSError] = []
    with ExitStack() as opened:
        for family, _, _, _, address in dict.fromkeys(found):
            where = (address[0], port or (sockets[0].getsockname()[1] if sockets else 0), *address[2:])
            try:
                sockets.append(opened.enter_context(socket.create_server(where, family=family, backlog=2048)))
            except OSError as error:
                if error.errno not in _NOT_OF_THIS_MACHINE:
                    raise
                missing.append(error)
        if not sockets:
            raise missing[0]
        opened.pop_all()
    return sockets


def count_processes(wanted: int | Literal["auto"], cores: int) -> int:
    """`auto`: one for each core, because one process uses one."""
    return cores if wanted == "auto" else wanted


def _serve_as_one_of(
    settings: Settings, count: int, sockets: list[socket.socket], folder: Path, number: int, started: Started
) -> int:
    return _run(build_server(settings, Sibling(number, count, folder), started), sockets)


def _run(server: uvicorn.Server, sockets: list[socket.socket]) -> int:
    with suppress(KeyboardInterrupt):  # raised again after an orderly shutdown
        server.run(sockets)
    return 0 if server.started else STARTUP_FAILURE


class _Server(uvicorn.Server):
    """Announces that it answers, if it does."""

    def __init__(self, config: uvicorn.Config, started: Started) -> None:
        super().__init__(config)
        self._announce = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
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
