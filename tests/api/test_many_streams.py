"""A hundred open event streams, over sockets, beside everything else that the API does."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from models_store.experiments.claim import TrainingClaim
from settings import Settings
from specs.experiment import ExperimentSpec
from tests.support.published import point
from tests.support.site import Site
from tests.support.waiting import PATIENCE_SECONDS

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
            httpx2.AsyncClient(base_url=site.url, timeout=PATIENCE_SECONDS, limits=limits) as http,
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
