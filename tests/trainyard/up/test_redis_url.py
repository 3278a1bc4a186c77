import socket
import threading
from pathlib import Path

import pytest

from tests.support.valkey import Valkey, free_port
from trainyard.up.errors import RefusedError
from trainyard.up.redis_url import check_redis


def test_a_server_that_answers_is_accepted(shared_valkey: Valkey) -> None:
    check_redis(shared_valkey.url)


def test_one_with_a_password_lets_in_who_knows_it(own_valkey: Valkey) -> None:
    with own_valkey.client() as client:
        client.config_set("requirepass", "p@ss")
    place = f"127.0.0.1:{own_valkey.port}/0"
    check_redis(f"redis://:p%40ss@{place}")
    check_redis(f"redis://default:p%40ss@{place}")
    with pytest.raises(RefusedError, match="does not let us in: WRONGPASS"):
        check_redis(f"redis://:wrong@{place}")
    with pytest.raises(RefusedError, match="does not let us in: NOAUTH"):
        check_redis(f"redis://{place}")


def test_nobody_there_is_told_without_the_password() -> None:
    with pytest.raises(RefusedError, match=r"does not answer.*unset REDIS_URL") as rejection:
        check_redis(f"redis://user:secret@127.0.0.1:{free_port()}/0")
    assert "user:***@127.0.0.1" in str(rejection.value)
    assert "secret" not in str(rejection.value)


def test_another_kind_of_server_is_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        greeter = threading.Thread(target=_greet, args=(other,))
        greeter.start()
        with pytest.raises(RefusedError, match=r"no Redis-compatible server: it answered .*SMTP"):
            check_redis(f"redis://127.0.0.1:{other.getsockname()[1]}/0")
        greeter.join()


@pytest.mark.parametrize("url", ["http://127.0.0.1", "redis://", "redis://127.0.0.1:none", "nonsense"])
def test_what_is_no_address_says_what_one_looks_like(url: str) -> None:
    with pytest.raises(RefusedError, match=r"redis://\[\[user\]:password@\]host|Port could not be cast"):
        check_redis(url)


def test_a_socket_file_may_be_named(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="No such file"):
        check_redis(f"unix://{tmp_path}/redis.sock")


def _greet(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.sendall(b"220 SMTP ready\r\n")
        connection.recv(64)
