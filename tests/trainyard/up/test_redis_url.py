import socket
import threading
from pathlib import Path

import pytest

from tests.support.valkey import Valkey, free_port
from trainyard.errors import PreflightError
from trainyard.up.redis_url import check_redis


def test_answering_server_is_accepted(shared_valkey: Valkey) -> None:
    check_redis(shared_valkey.url)


def test_password_is_checked(own_valkey: Valkey) -> None:
    with own_valkey.client() as client:
        client.config_set("requirepass", "p@ss")
    place = f"127.0.0.1:{own_valkey.port}/0"
    check_redis(f"redis://:p%40ss@{place}")
    check_redis(f"redis://default:p%40ss@{place}")
    with pytest.raises(PreflightError, match="denies access: invalid username-password pair"):
        check_redis(f"redis://:wrong@{place}")
    with pytest.raises(PreflightError, match="denies access: Authentication required"):
        check_redis(f"redis://{place}")


@pytest.mark.parametrize(("credentials", "shown"), [("user:se/cret@", "user:***@"), (":se:@cret@", ":***@"), ("", "")])
def test_absent_server_is_rejected_without_password(credentials: str, shown: str) -> None:
    place = f"127.0.0.1:{free_port()}"
    with pytest.raises(PreflightError, match=r"does not answer.*unset REDIS_URL") as rejection:
        check_redis(f"redis://{credentials}{place}/0")
    assert str(rejection.value).startswith(f"REDIS_URL redis://{shown}{place}/0 does not answer")
    assert "cret" not in str(rejection.value)


def test_other_kind_of_server_is_rejected() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        greeter = threading.Thread(target=_greet, args=(other,))
        greeter.start()
        with pytest.raises(PreflightError, match=r"is not a Redis-compatible server: Protocol error"):
            check_redis(f"redis://127.0.0.1:{other.getsockname()[1]}/0")
        greeter.join()


@pytest.mark.parametrize("url", ["http://127.0.0.1", "redis://", "redis://127.0.0.1:none", "redis://[", "nonsense"])
def test_malformed_url_is_rejected_with_the_form(url: str) -> None:
    with pytest.raises(PreflightError, match=r"redis://\[\[user\]:password@\]host|Port could not be cast|Invalid IPv6"):
        check_redis(url)


def test_socket_file_is_supported(tmp_path: Path) -> None:
    with pytest.raises(PreflightError, match="No such file"):
        check_redis(f"unix://{tmp_path}/redis.sock")


def _greet(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.sendall(b"220 SMTP ready\r\n")
        connection.recv(64)
