"""AsyncClient sends what Client sends, and reads the same."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi, epoch_event, problem, sse
from tests.trainyard.test_client import json_lines
from trainyard import AsyncClient, Client
from trainyard.answers import Experiment
from trainyard.errors import Conflict, IncompleteAnswer, NotFound, Unavailable, Unreachable

T = TypeVar("T")
ID = samples.ID


def run(api: CannedApi, use: Callable[[AsyncClient], Awaitable[T]]) -> T:
    async def main() -> T:
        async with AsyncClient(api.url) as client:
            return await use(client)

    return asyncio.run(main())


def test_clients_have_the_same_methods_and_signatures() -> None:
    def methods(client: type) -> dict[str, list[str]]:
        public = {name: each for name, each in inspect.getmembers(client, callable) if not name.startswith("_")}
        return {name: list(inspect.signature(each).parameters) for name, each in public.items()}

    sync, asynchronous = methods(Client), methods(AsyncClient)
    assert sync.pop("close") == asynchronous.pop("aclose")
    assert sync == asynchronous
    assert len(sync) > 35


def test_method_shows_its_operations_signature() -> None:
    assert inspect.signature(Client.get).return_annotation is Experiment
    assert list(inspect.signature(Client.get).parameters) == ["self", "experiment_id"]
    assert list(inspect.signature(Client().submit).parameters) == ["spec", "idempotency_key", "priority", "private"]
    assert Client.get.__doc__ == AsyncClient.get.__doc__ == "The record of an experiment."
    assert inspect.iscoroutinefunction(AsyncClient.get)


def test_answer_is_awaited(api: CannedApi) -> None:
    api.on("POST", "/experiments", Answer(samples.experiment(), 202))
    experiment = run(api, lambda client: client.submit({"name": "tiny"}, idempotency_key="k"))
    assert experiment.id == ID
    assert api.requests("POST", "/experiments")[0].headers["idempotency-key"] == "k"


def test_reading_is_retried_and_rejections_are_typed(api: CannedApi) -> None:
    api.on("GET", "/presets", problem(503, "not yet"), Answer(samples.PRESETS))
    api.on("GET", "/models", problem(503, "never"))
    assert [preset.name for preset in run(api, lambda client: client.presets())] == ["digits-cnn"]
    with pytest.raises(Unavailable, match="never"):
        run(api, lambda client: client.models())
    with pytest.raises(NotFound):
        run(api, lambda client: client.get(ID))


def test_runs_are_iterated_page_by_page(api: CannedApi) -> None:
    first, second = samples.experiment("A" * 26), samples.experiment("B" * 26)
    pages = Answer({"items": [first], "next_cursor": "c1"}), Answer({"items": [second], "next_cursor": None})
    api.on("GET", "/experiments", *pages)

    async def ids(client: AsyncClient) -> list[str]:
        return [run.id async for run in client.runs(status="succeeded")]

    assert run(api, ids) == [first["id"], second["id"]]
    assert [each.query.get("cursor") for each in api.requests("GET", "/experiments")] == [None, "c1"]


def test_wait_follows_a_stream_that_breaks(api: CannedApi) -> None:
    path = f"/experiments/{ID}/events"
    api.on("GET", path, Answer(epoch_event(0)), problem(503, "starting"), Answer(sse("end", {"status": "failed"})))
    api.on("GET", f"/experiments/{ID}", Answer(samples.experiment(status="failed")))
    assert run(api, lambda client: client.wait(ID)).status == "failed"
    assert [each.headers.get("last-event-id") for each in api.requests("GET", path)] == [None, "0", "0"]


def test_states_are_waited_for(api: CannedApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainyard.async_client.POLL_SECONDS", 0.0)
    api.on("GET", "/datasets/own", Answer(samples.dataset(status="converting")), Answer(samples.dataset()))
    views = Answer(samples.evaluation_view("running")), Answer(samples.evaluation_view("failed"))
    api.on("GET", f"/experiments/{ID}/evaluations/noise", *views)
    assert run(api, lambda client: client.wait_for_dataset("own")).status == "ready"
    assert run(api, lambda client: client.wait_for_evaluation(ID, "noise")).status == "failed"


def test_archive_is_streamed_and_a_batch_read(api: CannedApi, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK" * (1 << 20))
    cut = samples.BATCH[:2]
    api.on("POST", "/predict:batch", Answer(json_lines(*samples.BATCH)), Answer(json_lines(*cut)))

    async def lines(client: AsyncClient) -> list[dict[str, Any]]:
        return [line.to_dict() async for line in client.predict_batch(tmp_path / "a.zip")]

    assert run(api, lines) == samples.BATCH
    assert api.requests("POST", "/predict:batch")[0].body == b"PK" * (1 << 20)
    with pytest.raises(IncompleteAnswer):
        run(api, lines)


def test_existing_dataset_is_found_before_packing(api: CannedApi, tmp_path: Path) -> None:
    api.on("GET", "/datasets/own", Answer(samples.dataset()))
    with pytest.raises(Conflict, match="dataset own exists already"):
        run(api, lambda client: client.add_dataset("own", tmp_path))
    assert api.requests("POST", "/datasets") == []


def test_bundle_is_written_when_complete(api: CannedApi, tmp_path: Path) -> None:
    path, content = f"/models/{ID}/bundle.zip", bytes(range(256)) * 1000
    cut_short = Answer(content, headers={"Content-Length": str(len(content) + 1), "Connection": "close"})
    api.on("GET", path, cut_short, Answer(content))
    with pytest.raises(Unreachable):
        run(api, lambda client: client.bundle(ID, tmp_path / "model.zip"))
    assert list(tmp_path.iterdir()) == []
    assert run(api, lambda client: client.bundle(ID, tmp_path / "model.zip")).read_bytes() == content
