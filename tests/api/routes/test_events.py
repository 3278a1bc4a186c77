"""`GET /events`: what a page that shows everything receives."""

import time
from collections.abc import Callable

import pytest
from anyio import to_thread

from models_store.experiments.claim import TrainingClaim
from models_store.experiments.record import Progress
from models_store.store import Store
from specs.experiment import ExperimentSpec
from tests.models_store.results import point
from tests.support.api import ApiClient
from tests.support.contract import JsonObject
from tests.support.published import publish
from tests.support.streams import Event, in_application, open_stream

MakeSpec = Callable[..., ExperimentSpec]
OTHER = "01J9ZZZZZZZZZZZZZZZZZZZZZZ"


def names(events: list[Event]) -> list[str]:
    return [event["event"] for event in events]


def test_stream_shows_the_life_of_an_experiment(client: ApiClient, api_store: Store, tiny_spec: MakeSpec) -> None:
    def train() -> None:
        record = api_store.experiments.create(tiny_spec())
        claim = TrainingClaim.acquire(api_store.training_jobs, record.id, worker="test:1")
        assert claim is not None
        claim.show(Progress(phase="training"))
        claim.append(point(0))
        claim.cancel()
        api_store.experiments.delete(record.id)

    async def follow() -> list[Event]:
        async with open_stream(client, "/events") as stream:
            first = await stream.next()
            await to_thread.run_sync(train)
            return [first, *await stream.until("deleted")]

    events = in_application(client, follow)

    assert names(events)[0] == "ready"
    assert [event["data"]["status"] for event in events if event["event"] == "status"] == [
        "queued",
        "running",
        "cancelled",
    ]
    (epoch,) = (event["data"] for event in events if event["event"] == "epoch")
    assert (epoch["epoch"], epoch["metrics"]["val_accuracy"]) == (0, 0.5)
    last = events[-2]["data"]
    assert (last["sparkline"], last["epochs_completed"]) == ({"metric": "val_accuracy", "values": [0.5]}, 1)
    assert [event["id"] for event in events] == sorted({event["id"] for event in events})


def test_new_model_is_announced_as_serving(client: ApiClient, api_store: Store, tiny_spec: MakeSpec) -> None:
    async def follow() -> list[Event]:
        async with open_stream(client, "/events") as stream:
            await stream.next()
            record = await to_thread.run_sync(lambda: publish(api_store, tiny_spec()))
            events = await stream.until("serving")
            await to_thread.run_sync(
                lambda: client.services.registry.pin(record.dataset, record.id),
            )
            return [events[-1], *await stream.until("serving")]

    best, *_, pinned = in_application(client, follow)

    assert best["data"]["dataset"] == "digits"
    assert best["data"]["experiment_id"] == pinned["data"]["experiment_id"]
    assert (best["data"]["policy"], pinned["data"]["policy"]) == ("best", "pinned")


@pytest.mark.parametrize("known", [False, True])
def test_stream_continues_behind_a_list(client: ApiClient, api_store: Store, tiny_spec: MakeSpec, known: bool) -> None:
    listed = api_store.experiments.create(tiny_spec()).id
    answer = client.get("/experiments?fields=summary")
    assert [each["id"] for each in answer.json()["items"]] == [listed]
    if known:
        answer = client.get("/experiments?fields=summary", headers={"If-None-Match": answer.headers["ETag"]})
        assert answer.status_code == 304
    created = api_store.experiments.create(tiny_spec()).id

    async def follow() -> list[Event]:
        async with open_stream(client, f"/events?since={answer.headers['Last-Event-ID']}") as stream:
            return await stream.until("status")

    events = in_application(client, follow)

    assert events[0]["data"] == {"resumed": True}
    assert [event["data"]["id"] for event in events if event["event"] == "status"] == [created]


@pytest.mark.parametrize("resume", ["header", "query"])
def test_broken_stream_resumes(client: ApiClient, tiny_document: JsonObject, resume: str) -> None:
    def post() -> str:
        return str(client.services.store.experiments.create(spec_of(tiny_document)).id)

    async def follow() -> tuple[list[str], list[Event]]:
        async with open_stream(client, "/events") as stream:
            position = (await stream.next())["id"]
        posted = [await to_thread.run_sync(post) for _ in range(2)]
        target = "/events" if resume == "header" else f"/events?since={position}"
        headers = {"last_event_id": position} if resume == "header" else {}
        async with open_stream(client, target, **headers) as stream:
            return posted, [await stream.next() for _ in range(3)]

    posted, (ready, *events) = in_application(client, follow)

    assert ready["data"] == {"resumed": True}
    assert [event["data"]["id"] for event in events] == posted


def spec_of(document: JsonObject) -> ExperimentSpec:
    return ExperimentSpec.model_validate(document)


@pytest.mark.parametrize("position", ["1-1", "nonsense"])
def test_lost_position_of_a_browser_is_a_reset(client: ApiClient, position: str) -> None:
    async def follow() -> Event:
        async with open_stream(client, "/events", last_event_id=position) as stream:
            return await stream.next()

    assert in_application(client, follow)["event"] == "reset"


def test_experiments_can_be_chosen(client: ApiClient, api_store: Store, tiny_spec: MakeSpec) -> None:
    async def follow() -> tuple[str, Event]:
        async with open_stream(client, f"/events?ids={OTHER}") as stream:
            await stream.next()
            record = await to_thread.run_sync(lambda: publish(api_store, tiny_spec()))
            return record.id, await stream.next()

    _, event = in_application(client, follow)
    assert event["event"] == "serving"


def test_first_event_comes_at_once(client: ApiClient) -> None:
    async def follow() -> float:
        await open_and_close()
        began = time.perf_counter()
        await open_and_close()
        return time.perf_counter() - began

    async def open_and_close() -> None:
        async with open_stream(client, "/events") as stream:
            await stream.next()

    assert min(in_application(client, follow) for _ in range(5)) < 0.1


@pytest.mark.parametrize(
    ("query", "pointer", "detail"),
    [
        (
            "since=nonsense",
            None,
            "expected the `id` of an event as it was received, such as 1764398000000-0, received 'nonsense'",
        ),
        ("ids=", "/query/ids", "expected 1 to 100 ids, separated by commas, received 0"),
        ("ids=01j9zzzzzzzzzzzzzzzzzzzzzz", "/query/ids", f"ids are written in upper case, without spaces: {OTHER}"),
        ("id=x", "/query/id", "unknown query parameter `id`; did you mean `ids`?"),
    ],
)
def test_bad_query_of_the_stream_is_rejected(client: ApiClient, query: str, pointer: str | None, detail: str) -> None:
    answer = client.get(f"/events?{query}")

    assert answer.status_code == 422
    assert detail in answer.json()["detail"]
    if pointer is not None:
        assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
