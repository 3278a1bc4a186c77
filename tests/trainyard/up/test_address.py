import re
import socket

import pytest

from trainyard.errors import PreflightError
from trainyard.up.address import Address, check_address, is_loopback, reserve_port


def test_port_zero_picks_a_free_one() -> None:
    address = check_address("127.0.0.1", 0)
    assert address.port > 0
    assert address.url == f"http://127.0.0.1:{address.port}"


def test_port_in_use_is_rejected_with_a_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PreflightError, match=rf"127.0.0.1:{port} is in use .*--port \d+") as rejection:
            check_address("127.0.0.1", port)
    suggested = re.search(r"--port (\d+)", str(rejection.value))
    assert suggested is not None
    assert int(suggested[1]) > port


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1"])
def test_foreign_host_is_rejected(host: str) -> None:
    with pytest.raises(PreflightError, match="--host"):
        check_address(host, 0)


def test_wildcard_address_is_reached_on_loopback() -> None:
    assert Address("0.0.0.0", 80).url == "http://127.0.0.1:80"
    assert Address("::", 80).url == "http://[::1]:80"


def test_child_can_listen_on_a_reserved_port() -> None:
    with reserve_port() as port, socket.create_server(("127.0.0.1", port)) as server:
        assert server.getsockname()[1] == port


@pytest.mark.parametrize(
    ("host", "is_name"),
    [
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("", False),
        ("::", False),
        ("fe80::1", False),
        ("lab.example.org", True),
    ],
)
def test_names_differ_from_addresses(host: str, is_name: bool) -> None:
    assert Address(host, 80).is_name is is_name


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost", "no-such-name.invalid"])
def test_loopback_is_reached_by_this_machine_alone(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1", "10.0.0.1"])
def test_other_addresses_are_reached_by_others(host: str) -> None:
    assert not is_loopback(host)
