"""Hundreds of event streams, over sockets, beside everything else that the API does: open ones, and broken ones."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from models_store.experiments.claim import TrainingClaim
from settings import Settings
from specs.access import KeyScope, KeySpec
from specs.experiment import ExperimentSpec
from tests.support import local_http
from tests.support.published import point
from tests.support.site import Site
from tests.support.waiting import PATIENCE_SECONDS, eventually

STREAMS = 100
EPOCHS = 5


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    site = Site(settings)
    yield site
    site.close()


async def events(response: httpx2.Response) -> AsyncIterator[tuple[str, Any]]:
    kind = ""
    async for line in response.aiter_lines():
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, json.loads(value)


async def epochs_of(stream: AsyncIterator[tuple[str, Any]]) -> list[int]:
    """The epochs that a stream brings, up to the end of the run."""
    found: list[int] = []
    async for kind, data in stream:
        if kind == "epoch":
            found.append(data["epoch"])
        if kind == "status" and data["status"] == "cancelled":
            break
    return found


def test_hundred_streams_leave_the_api_answering(
    site: Site, tiny_spec: Callable[..., ExperimentSpec], tiny_document: dict[str, Any], tmp_path: Path
) -> None:
    def train() -> None:
        record = site.store.experiments.create(tiny_spec())
        claim = TrainingClaim.acquire(site.store.training_jobs, record.id, worker="test:1")
        assert claim is not None
        claim.begin_history([])
        for epoch in range(EPOCHS):
            claim.append(point(epoch))
        claim.cancel()

    async def play() -> list[list[int]]:
        limits = httpx2.Limits(max_connections=None)
        async with (
            httpx2.AsyncClient(base_url=site.url, timeout=PATIENCE_SECONDS, limits=limits, verify=False) as http,
            AsyncExitStack() as stack,
        ):
            streams = []
            for _ in range(STREAMS):
                opened = await stack.enter_async_context(http.stream("GET", "/events"))
                assert opened.status_code == 200
                streams.append(events(opened))
            assert {(await anext(stream))[0] for stream in streams} == {"ready"}
            reading = [asyncio.create_task(epochs_of(stream)) for stream in streams]
            await asyncio.to_thread(train)
            assert (await http.get("/experiments?fields=summary")).json()["total"] == 1
            assert (await http.post("/experiments", json=tiny_document)).status_code == 202
            assert (await http.get("/health/ready")).is_success
            return await asyncio.gather(*reading)

    assert asyncio.run(play()) == [list(range(EPOCHS))] * STREAMS


def test_broken_streams_leave_nothing(settings: Settings) -> None:
    """Of 300 that are reset before the answer, within it or behind the first event. Their owner may have ten streams,
    and has them at once."""
    site = Site(settings.model_copy(update={"auth": "keys", "max_streams": 10, "rate_read": 0}))
    _, token = site.store.keys.create(KeySpec(scopes=(KeyScope.READ,)), "ann")
    request = f"GET /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    try:
        before = site.tasks()
        for number in range(300):
            with socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE_SECONDS) as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset at its end
                connection.sendall(request)
                received = b""
                while (b"", b"HTTP/1.1", b"event: ready")[number % 3] not in received:
                    piece = connection.recv(65_536)
                    assert piece, received
                    received += piece
                    if received.startswith(b"HTTP/1.1 429 "):
                        break  # the last ones are being given back

        eventually(lambda: site.tasks() <= before)
        with ExitStack() as stack:
            for _ in range(10):
                opened = stack.enter_context(
                    local_http.stream("GET", f"{site.url}/events", headers={"Authorization": f"Bearer {token}"})
                )
                assert opened.status_code == 200
                assert "event: ready" in next(opened.iter_text())
    finally:
        site.close()
