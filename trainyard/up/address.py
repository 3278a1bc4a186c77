"""Addresses to listen on, and free ports."""

import contextlib
import errno
import ipaddress
import re
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from trainyard.errors import PreflightError

_LOOPBACK_OF_WILDCARD = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - recognized, not bound
_TRIES = 100


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def is_name(self) -> bool:
        """Whether `host` is a name, which the service has to know as its own."""
        return re.search(r"[a-z]", self.host, re.IGNORECASE) is not None and ":" not in self.host

    @property
    def reachable_host(self) -> str:
        """The host as a browser on this machine reaches it."""
        return _LOOPBACK_OF_WILDCARD.get(self.host, self.host)

    @property
    def url(self) -> str:
        return f"http://{Address(self.reachable_host, self.port)}"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens on `host`. Names that do not resolve count as such: no
    server can listen there."""
    try:
        found = socket.getaddrinfo(host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror:
        return True
    return all(ipaddress.ip_address(address[0]).is_loopback for *_, address in found)


def check_address(host: str, port: int) -> Address:
    """The address, if a server can listen there; port 0 picks a free one. Raises PreflightError."""
    try:
        with _bind(host, port) as listener:
            return Address(host, listener.getsockname()[1])
    except socket.gaierror as error:
        raise PreflightError(f"{host!r} is not an address of this machine: {error.strerror}; see --host") from None
    except OSError as error:
        raise PreflightError(_explain(Address(host, port), error)) from None


def _explain(address: Address, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        free = f"--port {_find_free_port_above(address)}"
        return f"{address} is in use by another program; choose another port, such as {free}"
    if error.errno == errno.EACCES:
        return f"permission denied for {address}: ports below 1024 are reserved for the administrator; see --port"
    return f"cannot listen on {address}: {error.strerror}; see --host and --port"


def _find_free_port_above(address: Address) -> int:
    for port in range(address.port + 1, min(address.port + _TRIES, 1 << 16)):
        with contextlib.suppress(OSError), _bind(address.host, port):
            return port
    return 0


@contextlib.contextmanager
def reserve_port() -> Iterator[int]:
    """A free port on 127.0.0.1, reserved for the length of the context; a child can listen on it.

    On Linux a bound socket that does not listen reserves the port and lets another socket with SO_REUSEADDR in.
    Elsewhere the port is free when it is handed out, and no more.
    """
    with _bind("127.0.0.1", 0) as holder:
        port: int = holder.getsockname()[1]
        if sys.platform != "linux":
            holder.close()
        yield port


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener
