import socket
from collections.abc import Iterator
from typing import Any

import pytest

from api.webhooks.addresses import ForbiddenAddress, check_host, resolve
from tests.support.api import ApiClient


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "localhost",
        "a.localhost",
    ],
)
def test_private_address_is_rejected(host: str) -> None:
    with pytest.raises(ForbiddenAddress, match="TRAINYARD_WEBHOOK_PRIVATE_ADDRESSES=true"):
        check_host(host, allow_private=False)
    check_host(host, allow_private=True)


@pytest.mark.parametrize("host", ["93.184.216.34", "2606:2800:220:1::1", "example.org", "64:ff9b::5db8:d822"])
def test_public_address_is_accepted(host: str) -> None:
    check_host(host, allow_private=False)


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0xa9fea9fe"])
def test_resolved_private_address_is_rejected(host: str) -> None:
    with pytest.raises(ForbiddenAddress):
        resolve(host, 80, allow_private=False)


def test_resolved_address_is_the_one_to_connect_to() -> None:
    assert resolve("127.0.0.1", 80, allow_private=True) == "127.0.0.1"
    assert resolve("93.184.216.34", 80, allow_private=False) == "93.184.216.34"


def test_name_with_one_private_address_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is resolved again when it is connected to could be another one then."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 80)) for each in ("93.184.216.34", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    with pytest.raises(ForbiddenAddress, match="has the address 127"):
        resolve("rebound.example", 80, allow_private=False)


def test_no_other_address_can_be_sent(client: ApiClient) -> None:
    """Nothing that a client names is fetched: neither datasets nor images nor models."""
    document = client.contract.document
    found = set[str]()
    for operation in client.contract.operations():
        found |= {f"{operation.name} {each['name']}" for each in operation.parameters if is_address(each["name"], each)}
        for described in operation.request_content.values():
            names = addresses(described["schema"], document["components"]["schemas"], set())
            found |= {f"{operation.name} {each}" for each in names}

    assert found == {"POST /webhooks url"}


def is_address(name: str, schema: Any) -> bool:
    formats = {"uri", "url", "iri"}
    words = set(name.lower().replace("-", "_").split("_"))
    return bool(words & {"url", "uri", "href", "link", "callback"}) or schema.get("format") in formats


def addresses(schema: Any, schemas: Any, seen: set[str]) -> Iterator[str]:
    """The names of members that may hold one, in a JSON schema and all that it refers to."""
    if isinstance(schema, list):
        for each in schema:
            yield from addresses(each, schemas, seen)
    if not isinstance(schema, dict):
        return
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference not in seen:
        seen.add(reference)
        yield from addresses(schemas[reference.rpartition("/")[2]], schemas, seen)
    for name, each in schema.get("properties", {}).items():
        if is_address(name, each):
            yield name
    for each in schema.values():
        if isinstance(each, dict | list):
            yield from addresses(each, schemas, seen)
    for each in schema.get("properties", {}).values():
        yield from addresses(each, schemas, seen)
