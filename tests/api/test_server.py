"""How the server listens, and how many processes it has. That they serve together is tested in tests/faults."""

import os
import socket
from pathlib import Path

import pytest
from pydantic import ValidationError

from api.http_protocol import HttpProtocol
from api.server import bind, build_server, count_processes, serve, usable_cores
from settings import Settings


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


def test_cores_are_those_of_the_container(tmp_path: Path) -> None:
    seen = len(os.sched_getaffinity(0))
    limits = tmp_path / "cpu.max"
    for text, cores in (("100000 100000", 1), ("50000 100000", 1), ("max 100000", seen), ("nonsense", seen)):
        limits.write_text(f"{text}\n")
        assert usable_cores(limits) == cores
    assert usable_cores(tmp_path / "missing") == seen


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


def test_port_in_use_is_reported(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert serve(settings, "127.0.0.1", port) == 1
    assert f"cannot listen on 127.0.0.1, port {port}: Address already in use" in caplog.text


def test_server_speaks_the_protocol_without_upgrades(settings: Settings) -> None:
    config = build_server(settings).config
    config.load()
    assert config.http_protocol_class is HttpProtocol
