import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from tests.support.waiting import eventually
from trainyard.up.address import reserve_port
from trainyard.up.child import Child
from trainyard.up.data_folder import DataFolder
from trainyard.up.valkey import PrivateValkey


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[PrivateValkey]:
    """Its folder has a name that needs quoting."""
    folder = DataFolder(tmp_path / 'a "data" folder')
    with folder.lock_valkey() as lock, reserve_port() as port:
        yield PrivateValkey(folder, port, lock)


@pytest.fixture
def start(valkey: PrivateValkey) -> Iterator[Callable[[], Child]]:
    children: list[Child] = []

    def start() -> Child:
        children.append(Child(valkey.command()))
        eventually(lambda: is_answering(valkey))
        return children[-1]

    yield start
    for child in children:
        child.kill()


def is_answering(valkey: PrivateValkey) -> bool:
    with redis.Redis.from_url(valkey.url) as client:
        try:
            return bool(client.ping())
        except redis.exceptions.ConnectionError:
            return False


def test_restart_keeps_data_and_port(valkey: PrivateValkey, start: Callable[[], Child]) -> None:
    first = start()
    with redis.Redis.from_url(valkey.url, decode_responses=True) as client:
        client.set("word", "kept")
    first.terminate()
    eventually(lambda: not first.is_alive)
    start()
    with redis.Redis.from_url(valkey.url, decode_responses=True) as client:
        assert client.get("word") == "kept"


def test_truncated_file_is_loaded(valkey: PrivateValkey, start: Callable[[], Child]) -> None:
    first = start()
    with redis.Redis.from_url(valkey.url, decode_responses=True) as client:
        client.set("early", "kept")
        client.set("late", "lost")
    first.terminate()
    eventually(lambda: not first.is_alive)
    (increment,) = valkey.command().folder.glob("appendonlydir/*.incr.aof")
    increment.write_bytes(increment.read_bytes()[:-3])
    start()
    with redis.Redis.from_url(valkey.url, decode_responses=True) as client:
        assert client.get("early") == "kept"
        assert client.get("late") is None


def test_valkey_is_configured_as_a_store(valkey: PrivateValkey, start: Callable[[], Child]) -> None:
    start()
    with redis.Redis.from_url(valkey.url, decode_responses=True) as client:
        configured = client.config_get("maxmemory-policy", "appendonly", "appendfsync", "save", "bind")
    assert configured == {
        "maxmemory-policy": "noeviction",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "bind": "127.0.0.1",
    }


def test_password_is_required_and_private(valkey: PrivateValkey, start: Callable[[], Child]) -> None:
    start()
    url = f"redis://{valkey.url.partition('@')[2]}"
    with redis.Redis.from_url(url) as client, pytest.raises(redis.exceptions.AuthenticationError):
        client.ping()
    configuration = Path(valkey.command().argv[1])
    assert stat.S_IMODE(configuration.stat().st_mode) == 0o600
