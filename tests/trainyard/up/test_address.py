import re
import socket

import pytest

from trainyard.up.address import Address, reserved_port, usable_address
from trainyard.up.errors import RefusedError


def test_port_zero_stands_for_a_free_one() -> None:
    address = usable_address("127.0.0.1", 0)
    assert address.port > 0
    assert address.url == f"http://127.0.0.1:{address.port}"


def test_a_taken_port_is_named_with_a_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(RefusedError, match=rf"127.0.0.1:{port} is taken .*--port \d+") as rejection:
            usable_address("127.0.0.1", port)
    suggested = re.search(r"--port (\d+)", str(rejection.value))
    assert suggested is not None
    assert int(suggested[1]) > port


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1"])
def test_a_host_that_is_not_ours_is_rejected(host: str) -> None:
    with pytest.raises(RefusedError, match="--host"):
        usable_address(host, 0)


def test_a_server_that_listens_everywhere_is_reached_on_this_machine() -> None:
    assert Address("0.0.0.0", 80).url == "http://127.0.0.1:80"
    assert Address("::", 80).url == "http://[::1]:80"


def test_a_child_can_listen_on_a_reserved_port() -> None:
    with reserved_port() as port, socket.create_server(("127.0.0.1", port)) as server:
        assert server.getsockname()[1] == port
