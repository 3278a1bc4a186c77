"""`trainyard login` with a browser: here a thread that follows addresses."""

import base64
import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from api.openapi import recorded_examples
from tests.support import local_http
from tests.trainyard.canned_api import Answer, CannedApi
from trainyard.client import Client
from trainyard.errors import UsageError
from trainyard.sign_in import _Loopback, _Return, sign_in

CREATED = recorded_examples()["create_key"]


class Browser:
    """Comes back with `codes`, one after the other."""

    def __init__(self, *codes: str) -> None:
        self.codes = codes
        self.visited: list[str] = []
        self.statuses: list[int] = []
        self._threads: list[threading.Thread] = []

    def open(self, address: str) -> None:
        self.visited.append(address)
        [port] = parse_qs(urlsplit(address).query)["port"]
        thread = threading.Thread(target=self._return, args=(f"http://127.0.0.1:{port}",))
        thread.start()
        self._threads.append(thread)

    def _return(self, url: str) -> None:
        for code in self.codes:
            self.statuses.append(local_http.get(f"{url}/{code}").status_code)

    def close(self) -> None:
        for thread in self._threads:
            thread.join()


@pytest.fixture
def browser() -> Iterator[Browser]:
    browser = Browser("favicon.ico", "?code=abc")
    yield browser
    browser.close()


def test_code_of_the_browser_becomes_a_key(api: CannedApi, browser: Browser) -> None:
    api.on("POST", "/login/provider/key", Answer(CREATED, 201))
    shown: list[str] = []
    with Client(api.url) as client:
        assert sign_in(client, shown.append, browser.open).key == CREATED["key"]
    browser.close()

    assert shown == browser.visited
    assert browser.statuses == [404, 200]
    [request] = api.requests("POST", "/login/provider/key")
    sent = json.loads(request.body)
    [challenge] = parse_qs(urlsplit(shown[0]).query)["challenge"]
    digest = hashlib.sha256(sent["verifier"].encode()).digest()
    assert challenge == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert sent["code"] == "abc"
    assert sent["verifier"] not in shown[0]


def test_waiting_for_the_browser_ends(api: CannedApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainyard.sign_in.WAIT_SECONDS", 0.01)
    with Client(api.url) as client, pytest.raises(UsageError, match="trainyard login --key"):
        sign_in(client, lambda _: None, lambda _: None)
    assert api.requests("POST", "/login/provider/key") == []


def test_port_is_of_this_machine_alone() -> None:
    with _Loopback(("127.0.0.1", 0), lambda *_: None) as server:  # type: ignore[arg-type]
        assert server.server_address[0] == "127.0.0.1"


def test_idle_connection_does_not_hold_it_up(api: CannedApi, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _Return.timeout is not None
    assert 0 < _Return.timeout <= 5
    monkeypatch.setattr(_Return, "timeout", 0.05)
    api.on("POST", "/login/provider/key", Answer(CREATED, 201))
    idle: list[socket.socket] = []

    def open_in_advance(address: str) -> None:
        [port] = parse_qs(urlsplit(address).query)["port"]
        idle.append(socket.create_connection(("127.0.0.1", int(port))))
        browser.open(address)

    with Client(api.url) as client:
        assert sign_in(client, lambda _: None, open_in_advance).key == CREATED["key"]
    idle[0].close()
