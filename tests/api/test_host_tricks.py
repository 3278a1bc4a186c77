"""Requests whose target or host is written so that what is checked might be another route than what is answered."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from settings import Settings
from specs.access import KeyScope, KeySpec
from specs.experiment import parse_spec
from tests.support.site import Site
from tests.support.waiting import PATIENCE_SECONDS

# What nobody needs a key for.
OPEN = "/health/live"
TARGETS = (
    "http://127.0.0.1/experiments",
    "http://evil.example/experiments",
    "HTTP://localhost/experiments",
    f"http://localhost{OPEN}@evil.example/experiments",
    f"http://localhost/experiments?{OPEN}",
    f"http://localhost/experiments#{OPEN}",
    "//experiments",
    "///experiments",
    "/./experiments",
    "/experiments/",
    "/experiments/.",
    "/%65xperiments",
    "/experiments%00",
    "/experiments;/health/live",
    f"{OPEN}/../../experiments",
    f"{OPEN}/%2e%2e/%2e%2e/experiments",
    f"{OPEN}%2f..%2f..%2fexperiments",
    f"{OPEN}/..;/..;/experiments",
    f"{OPEN}\\..\\..\\experiments",
    "*",
    "experiments",
)
HOSTS = (
    "localhost",
    f"localhost{OPEN}?",
    f"localhost{OPEN}#",
    f"localhost/{OPEN}/",
    f"localhost?{OPEN}",
    f"localhost\\{OPEN}",
    f"user@localhost{OPEN}",
    f"localhost:80{OPEN}?",
    "localhost:8000:80",
    f"[::1]{OPEN}?",
    "",
)
HEADERS = (
    f"X-Original-URL: {OPEN}",
    f"X-Rewrite-URL: {OPEN}",
    f"X-Forwarded-Prefix: {OPEN}",
    f"X-Forwarded-Path: {OPEN}",
    "X-Forwarded-Host: localhost",
    "X-HTTP-Method-Override: OPTIONS",
    "Host: localhost",
)


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    site = Site(settings.model_copy(update={"auth": "keys", "rate_failed_keys": 0}))
    yield site
    site.close()


def ask(site: Site, target: str = "/experiments", host: str = "localhost", *headers: str) -> bytes:
    """All that is answered."""
    lines = (f"GET {target} HTTP/1.1", f"Host: {host}", *headers, "Connection: close", "", "")
    with socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall("\r\n".join(lines).encode())
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_no_spelling_of_a_request_needs_no_key(site: Site, tiny_document: dict[str, Any]) -> None:
    experiment_id = site.store.experiments.create(parse_spec(tiny_document)).id
    _, token = site.store.keys.create(KeySpec(scopes=(KeyScope.READ,)), "ann")
    answers = {
        **{each: ask(site, each) for each in TARGETS},
        **{f"Host: {each}": ask(site, "/experiments", each) for each in HOSTS},
        **{each: ask(site, "/experiments", "localhost", each) for each in HEADERS},
    }

    statuses = {sent: answer[9:12].decode() for sent, answer in answers.items()}
    assert {sent for sent, status in statuses.items() if status not in {"400", "401", "403", "404"}} == set()
    assert {sent for sent, answer in answers.items() if experiment_id.encode() in answer} == set()
    assert statuses["Host: localhost"] == "401"
    # The tricks are no reason to reject what has a key, or needs none.
    assert ask(site, OPEN)[9:12] == b"200"
    shown = ask(site, "http://localhost/experiments", "localhost", f"Authorization: Bearer {token}")
    assert (shown[9:12], experiment_id.encode() in shown) == (b"200", True)
