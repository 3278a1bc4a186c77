"""How the server listens, and how many processes it has. That they serve together is tested in tests/faults."""

import errno
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from api.http_protocol import HttpProtocol
from api.server import bind, build_server, count_processes, serve
from settings import Settings

IP_ADDRESSES: dict[int, tuple[str | int, ...]] = {socket.AF_INET6: ("::1", 0, 0, 0), socket.AF_INET: ("127.0.0.1", 0)}


def test_auto_is_a_process_per_core() -> None:
    assert count_processes("auto", 6) == 6
    assert count_processes(3, 6) == 3


@pytest.mark.parametrize("value", ["0", "-1", "many", "257", "1.5"])
def test_invalid_number_of_processes_is_rejected(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_API_PROCESSES", value)
    with pytest.raises(ValidationError, match="expected a number from 1 to 256, or auto"):
        Settings()


def test_number_of_processes_is_read_from_text(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, value in (("4", 4), ("auto", "auto")):
        monkeypatch.setenv("TRAINYARD_API_PROCESSES", text)
        assert Settings().api_processes == value


def test_name_listens_on_all_its_addresses() -> None:
    listeners = bind("localhost", 0)
    try:
        ports = {each.getsockname()[1] for each in listeners}
        addresses = {found[4][0] for found in socket.getaddrinfo("localhost", 0, type=socket.SOCK_STREAM)}
        assert {each.getsockname()[0] for each in listeners} == addresses
        assert len(ports) == 1
    finally:
        for each in listeners:
            each.close()


@pytest.mark.parametrize("reason", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL])
def test_address_that_is_off_is_left_out(reason: int, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = [(family, socket.SOCK_STREAM, 6, "", where) for family, where in IP_ADDRESSES.items()]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: addresses)
    create = socket.create_server

    def without(absent: tuple[int, ...], address: tuple[str, int], *, family: int, backlog: int) -> socket.socket:
        if family in absent:
            raise OSError(reason, "off")
        return create(address, family=family, backlog=backlog)

    monkeypatch.setattr("socket.create_server", partial(without, (socket.AF_INET6,)))
    [listener] = bind("localhost", 0)
    with listener:
        assert listener.getsockname()[0] == "127.0.0.1"
    monkeypatch.setattr("socket.create_server", partial(without, (socket.AF_INET6, socket.AF_INET)))
    with pytest.raises(OSError, match="off"):
        bind("localhost", 0)


def test_failed_bind_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[socket.socket] = []
    addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, 0)) for host in ("127.0.0.1", "127.0.0.2")]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: addresses)
    create = socket.create_server

    def create_first(address: tuple[str, int], *, family: int, backlog: int) -> socket.socket:
        if made:
            raise OSError(errno.EADDRINUSE, "Address already in use")
        made.append(create(address, family=family, backlog=backlog))
        return made[0]

    monkeypatch.setattr("socket.create_server", create_first)
    with pytest.raises(OSError, match="already in use"):
        bind("localhost", 0)
    assert [each.fileno() for each in made] == [-1]


def test_interrupt_ends_without_a_traceback(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted = partial(build_server, started=partial(signal.raise_signal, signal.SIGINT))
    monkeypatch.setattr("api.server.build_server", interrupted)
    assert serve(settings, "127.0.0.1", 0) == 0


def test_failed_start_is_not_announced(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    @asynccontextmanager
    async def fail(_: FastAPI) -> AsyncIterator[None]:
        raise RuntimeError("no start")
        yield

    announced: list[str] = []
    monkeypatch.setattr("api.server.create_app", lambda *_: FastAPI(lifespan=fail))
    server = build_server(settings, started=lambda: announced.append("started"))
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(SystemExit):
        server.run([listener])
    assert (server.started, announced) == (False, [])


def test_port_in_use_is_reported(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert serve(settings, "127.0.0.1", port) == 1
    assert f"cannot listen on 127.0.0.1, port {port}: Address already in use" in caplog.text


def test_server_speaks_the_protocol_without_upgrades(settings: Settings) -> None:
    config = build_server(settings).config
    config.load()
    assert config.http_protocol_class is HttpProtocol
