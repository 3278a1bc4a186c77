"""How `trainyard up` starts the API."""

from pathlib import Path

import pytest
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api import server
from trainyard.up.address import Address
from trainyard.up.application import ServiceSettings
from trainyard.up.data_folder import DataFolder
from trainyard.up.servers import Servers


async def _no_app(*_: object) -> None: ...


def hosts(tmp_path: Path, host: str, *configured: str) -> str | None:
    settings = ServiceSettings(shutdown_seconds=30, hosts=configured)
    command = Servers(settings, DataFolder(tmp_path), "redis://127.0.0.1:1/0").api(Address(host, 8000))
    return command.environment.get("TRAINYARD_HOSTS")


def test_name_to_listen_on_is_a_name_of_the_service(tmp_path: Path) -> None:
    assert hosts(tmp_path, "127.0.0.1") is None
    assert hosts(tmp_path, "lab.example.org") == "lab.example.org"
    assert hosts(tmp_path, "lab.example.org", "a.example") == "a.example,lab.example.org"
    assert hosts(tmp_path, "0.0.0.0", "a.example") == "a.example"


def test_api_has_as_many_processes_as_wanted(tmp_path: Path) -> None:
    settings = ServiceSettings(shutdown_seconds=30, api_processes="auto")
    command = Servers(settings, DataFolder(tmp_path), "redis://127.0.0.1:1/0").api(Address("127.0.0.1", 8000))
    assert command.environment["TRAINYARD_API_PROCESSES"] == "auto"
    assert command.argv[1:3] == ("-m", server.__name__)


def test_nobody_may_name_another_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def trusted() -> str:
        servers = Servers(ServiceSettings(shutdown_seconds=30), DataFolder(tmp_path), "redis://127.0.0.1:1/0")
        return servers.api(Address("127.0.0.1", 8000)).environment["FORWARDED_ALLOW_IPS"]

    monkeypatch.delenv("FORWARDED_ALLOW_IPS", raising=False)
    assert trusted() == ""
    assert "127.0.0.1" not in ProxyHeadersMiddleware(_no_app, trusted()).trusted_hosts
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "192.0.2.10")
    assert "192.0.2.10" in ProxyHeadersMiddleware(_no_app, trusted()).trusted_hosts
