"""Where a server listens."""

import contextlib
import errno
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from trainyard.up.errors import RefusedError

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - recognised, not bound
_TRIES = 100


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def reachable_host(self) -> str:
        """The host as a browser on this machine reaches it."""
        return _EVERYWHERE.get(self.host, self.host)

    @property
    def url(self) -> str:
        return f"http://{Address(self.reachable_host, self.port)}"


def usable_address(host: str, port: int) -> Address:
    """The address if a server can listen there, port 0 standing for any free one. Raises RefusedError."""
    try:
        with _bound(host, port) as listener:
            return Address(host, listener.getsockname()[1])
    except socket.gaierror as error:
        raise RefusedError(f"{host!r} is no address of this machine: {error.strerror}; see --host") from None
    except OSError as error:
        raise RefusedError(_sentence(Address(host, port), error)) from None


def _sentence(address: Address, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        other = f"such as --port {_free_above(address)}"
        return f"{address} is taken by another program; choose another port, {other}"
    if error.errno == errno.EACCES:
        return f"{address} is not open to you: ports below 1024 are the administrator's; see --port"
    return f"nothing can listen at {address}: {error.strerror}; see --host and --port"


def _free_above(taken: Address) -> int:
    for port in range(taken.port + 1, min(taken.port + _TRIES, 1 << 16)):
        with contextlib.suppress(OSError), _bound(taken.host, port):
            return port
    return 0


@contextlib.contextmanager
def reserved_port() -> Iterator[int]:
    """A free port on 127.0.0.1 that nobody else is given while the context lasts; a child can listen there.

    On Linux, where a bound socket that does not listen lets another one with SO_REUSEADDR in. Elsewhere the
    port is free when it is handed out, and no more.
    """
    with _bound("127.0.0.1", 0) as holder:
        port: int = holder.getsockname()[1]
        if sys.platform != "linux":
            holder.close()
        yield port


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound
