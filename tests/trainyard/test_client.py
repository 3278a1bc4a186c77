from pathlib import Path

import pytest

from tests.support.valkey import free_port
from tests.trainyard.canned_api import Answer, CannedApi, a_record, epoch_event, problem, sse
from trainyard.client import Client
from trainyard.errors import ApiError, Unreachable


def test_a_mapping_is_submitted_as_json_with_its_key(api: CannedApi) -> None:
    api.on("POST", "/experiments", Answer(a_record(), 202))
    with Client(api.url) as client:
        assert client.submit({"name": "tiny"}, idempotency_key="k1")["status"] == "queued"
    (request,) = api.requests("POST", "/experiments")
    assert request.body == b'{"name": "tiny"}'
    assert request.headers["content-type"] == "application/json"
    assert request.headers["idempotency-key"] == "k1"


def test_a_file_is_submitted_as_it_is(api: CannedApi, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("name: tiny\nmodel: {preset: digits-cnn}\n")
    api.on("POST", "/experiments", Answer(a_record(), 202))
    with Client(api.url) as client:
        client.submit(path)
        client.submit(path.read_text())
    assert [each.body for each in api.requests("POST", "/experiments")] == [path.read_bytes()] * 2


def test_the_url_comes_from_the_environment(api: CannedApi) -> None:
    with Client() as client:
        assert client.url == api.url


def test_a_list_goes_through_all_pages(api: CannedApi) -> None:
    first, second = a_record("A" * 26), a_record("B" * 26)
    api.on(
        "GET",
        "/experiments",
        Answer({"items": [first], "next_cursor": "c1"}),
        Answer({"items": [second], "next_cursor": None}),
    )
    with Client(api.url) as client:
        assert list(client.list(dataset="digits")) == [first, second]
    queries = [each.query for each in api.requests("GET", "/experiments")]
    assert [query.get("cursor") for query in queries] == [None, "c1"]
    assert all(query["dataset"] == "digits" for query in queries)


def test_a_rejection_tells_each_problem_with_its_pointer(api: CannedApi) -> None:
    errors = [{"pointer": "/training/epochs", "detail": "must be at least 1", "received": -1}]
    api.on("POST", "/experiments", problem(422, "invalid", errors=errors))
    with Client(api.url) as client, pytest.raises(ApiError) as rejection:
        client.submit({})
    assert rejection.value.status == 422
    assert rejection.value.errors == tuple(errors)
    assert str(rejection.value) == "/training/epochs: must be at least 1"


def test_an_answer_that_is_no_problem_document_is_named_as_such(api: CannedApi) -> None:
    api.on("GET", "/presets", Answer("<html>Bad Gateway</html>", 502))
    with Client(api.url) as client, pytest.raises(ApiError, match="without a problem document") as rejection:
        client.presets()
    assert rejection.value.status == 502


def test_reading_is_tried_again_when_the_api_says_so(api: CannedApi) -> None:
    api.on("GET", "/presets", problem(503, "not yet"), problem(503, "not yet"), Answer({"items": []}))
    with Client(api.url) as client:
        assert client.presets() == []
    assert len(api.requests("GET", "/presets")) == 3


def test_reading_is_given_up_in_the_end(api: CannedApi) -> None:
    api.on("GET", "/presets", problem(503, "never"))
    with Client(api.url) as client, pytest.raises(ApiError, match="never"):
        client.presets()


def test_writing_is_never_tried_again(api: CannedApi) -> None:
    api.on("POST", "/experiments", problem(503, "not yet"), Answer(a_record(), 202))
    with Client(api.url) as client, pytest.raises(ApiError, match="not yet"):
        client.submit({})


def test_nobody_there_says_how_to_start_one() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with Client(url) as client, pytest.raises(Unreachable, match=f"no Trainyard at {url}.*trainyard up"):
        client.presets()


def test_a_url_that_is_none_is_unreachable() -> None:
    with Client("localhost:8000") as client, pytest.raises(Unreachable, match="no Trainyard at localhost:8000"):
        client.presets()


def test_waiting_ends_with_the_experiment(api: CannedApi) -> None:
    stream = epoch_event(0, loss=1.0) + sse("status", {"status": "succeeded"}) + sse("end", {"status": "succeeded"})
    api.on("GET", "/experiments/X/events", Answer(stream))
    api.on("GET", "/experiments/X", Answer(a_record("X", status="succeeded")))
    with Client(api.url) as client:
        assert client.wait("X")["status"] == "succeeded"


def test_images_are_sent_under_their_names(api: CannedApi, tmp_path: Path) -> None:
    path = tmp_path / "four.png"
    path.write_bytes(b"an image")
    api.on("POST", "/predict", Answer({"predictions": []}))
    with Client(api.url) as client:
        client.predict(path, b"another", dataset="digits", top=2)
    (request,) = api.requests("POST", "/predict")
    assert request.query == {"dataset": "digits", "top": "2"}
    assert request.body.count(b'name="file"; filename="') == 2
    assert b'filename="four.png"' in request.body
    assert b"an image" in request.body


def test_deleting_says_whether_by_force(api: CannedApi) -> None:
    api.on("DELETE", "/experiments/X", Answer(status=204))
    with Client(api.url) as client:
        client.delete("X", force=True)
    assert api.requests("DELETE", "/experiments/X")[0].query == {"force": "true"}
