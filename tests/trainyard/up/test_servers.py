"""How `trainyard up` starts the API."""

from importlib import import_module
from pathlib import Path

from api.http_protocol import HttpProtocol
from trainyard.up.address import Address
from trainyard.up.application import ServiceSettings
from trainyard.up.data_folder import DataFolder
from trainyard.up.servers import Servers


def hosts(tmp_path: Path, host: str, *configured: str) -> str | None:
    settings = ServiceSettings(shutdown_seconds=30, hosts=configured)
    command = Servers(settings, DataFolder(tmp_path), "redis://127.0.0.1:1/0").api(Address(host, 8000))
    return command.environment.get("TRAINYARD_HOSTS")


def test_name_to_listen_on_is_a_name_of_the_service(tmp_path: Path) -> None:
    assert hosts(tmp_path, "127.0.0.1") is None
    assert hosts(tmp_path, "lab.example.org") == "lab.example.org"
    assert hosts(tmp_path, "lab.example.org", "a.example") == "a.example,lab.example.org"
    assert hosts(tmp_path, "0.0.0.0", "a.example") == "a.example"


def test_api_speaks_the_protocol_without_upgrades(tmp_path: Path) -> None:
    settings = ServiceSettings(shutdown_seconds=30)
    argv = Servers(settings, DataFolder(tmp_path), "redis://127.0.0.1:1/0").api(Address("127.0.0.1", 8000)).argv
    module, name = argv[argv.index("--http") + 1].split(":")

    assert getattr(import_module(module), name) is HttpProtocol
