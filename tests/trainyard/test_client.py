import base64
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.valkey import free_port
from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi, epoch_event, problem, sse
from trainyard import Client, TrainyardError
from trainyard.answers import BatchLine, Prediction
from trainyard.errors import (
    ApiError,
    Conflict,
    Exhausted,
    IncompleteAnswer,
    Invalid,
    NotFound,
    Unavailable,
    UnexpectedAnswer,
    Unreachable,
    UploadError,
)

ID = samples.ID


def test_mapping_is_submitted_as_json_with_its_key(api: CannedApi) -> None:
    api.on("POST", "/experiments", Answer(samples.experiment(), 202))
    with Client(api.url) as client:
        assert client.submit({"name": "tiny"}, idempotency_key="k1").status == "queued"
    (request,) = api.requests("POST", "/experiments")
    assert request.body == b'{"name": "tiny"}'
    assert request.headers["content-type"] == "application/json"
    assert request.headers["idempotency-key"] == "k1"


def test_file_and_text_are_submitted_unchanged(api: CannedApi, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("name: tiny\nmodel: {preset: digits-cnn}\n")
    api.on("POST", "/experiments", Answer(samples.experiment(), 202))
    with Client(api.url) as client:
        client.submit(path)
        client.submit(path.read_text())
    assert [each.body for each in api.requests("POST", "/experiments")] == [path.read_bytes()] * 2


def test_change_is_submitted_as_merge_patch(api: CannedApi) -> None:
    api.on("POST", "/experiments", Answer(samples.experiment(), 202))
    with Client(api.url) as client:
        client.submit_change({"based_on": ID, "training": {"epochs": 9}})
    (request,) = api.requests("POST", "/experiments")
    assert request.headers["content-type"] == "application/merge-patch+json"
    assert request.body == b'{"based_on": "%s", "training": {"epochs": 9}}' % ID.encode()


def test_url_comes_from_the_environment(api: CannedApi) -> None:
    with Client() as client:
        assert client.url == api.url


def test_answer_keeps_members_it_does_not_know(api: CannedApi) -> None:
    document = samples.experiment(ID, added_later={"a": 1})
    api.on("GET", f"/experiments/{ID}", Answer(document))
    with Client(api.url) as client:
        experiment = client.get(ID)
    assert experiment.created_at.isoformat() == "2026-11-22T20:15:00+00:00"
    assert experiment.to_dict() == document


def test_answer_without_a_needed_member_is_unexpected(api: CannedApi) -> None:
    api.on("GET", f"/experiments/{ID}", Answer({"id": ID}))
    with Client(api.url) as client, pytest.raises(UnexpectedAnswer, match=f"GET .*/experiments/{ID} .*name: Field"):
        client.get(ID)


def test_runs_go_through_all_pages(api: CannedApi) -> None:
    first, second = samples.experiment("A" * 26), samples.experiment("B" * 26)
    pages = Answer({"items": [first], "next_cursor": "c1"}), Answer({"items": [second], "next_cursor": None})
    api.on("GET", "/experiments", *pages)
    with Client(api.url) as client:
        assert [run.id for run in client.runs(dataset="digits")] == [first["id"], second["id"]]
    queries = [each.query for each in api.requests("GET", "/experiments")]
    assert [query.get("cursor") for query in queries] == [None, "c1"]
    assert all(query["dataset"] == "digits" for query in queries)


def test_runs_are_fetched_when_they_are_needed(api: CannedApi) -> None:
    api.on("GET", "/experiments", Answer({"items": [samples.experiment()] * 2, "next_cursor": "c1"}))
    with Client(api.url) as client:
        runs = iter(client.runs())
        assert api.requests("GET", "/experiments") == []
        next(runs)
        next(runs)
        assert len(api.requests("GET", "/experiments")) == 1


def test_rejection_has_the_problems_members(api: CannedApi) -> None:
    errors = [{"pointer": "/training/epochs", "detail": "must be at least 1", "received": -1}]
    members = {"type": "urn:trainyard:problem:specs_error", "instance": "/experiments"}
    api.on("POST", "/experiments", problem(422, "invalid", errors=errors, **members))
    with Client(api.url) as client, pytest.raises(Invalid) as rejection:
        client.submit({})
    error = rejection.value
    assert (error.status, error.title, error.detail) == (422, "Rejected", "invalid")
    assert (error.type, error.instance) == ("urn:trainyard:problem:specs_error", "/experiments")
    assert error.errors == tuple(errors)
    assert str(error) == "/training/epochs: must be at least 1"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Invalid),
        (404, NotFound),
        (409, Conflict),
        (413, Invalid),
        (429, Exhausted),
        (500, ApiError),
        (503, Unavailable),
    ],
)
def test_status_decides_the_kind_of_error(api: CannedApi, status: int, error: type[ApiError]) -> None:
    api.on("POST", f"/experiments/{ID}:cancel", problem(status, "no"))
    with Client(api.url) as client, pytest.raises(TrainyardError) as rejection:
        client.cancel(ID)
    assert type(rejection.value) is error


def test_answer_without_problem_document_is_named(api: CannedApi) -> None:
    api.on("GET", "/presets", Answer("<html>Bad Gateway</html>", 502))
    with Client(api.url) as client, pytest.raises(ApiError, match="without a problem document") as rejection:
        client.presets()
    assert rejection.value.status == 502


def test_reading_is_retried_after_retry_after(api: CannedApi) -> None:
    api.on("GET", "/presets", problem(503, "not yet"), problem(503, "not yet"), Answer(samples.items()))
    with Client(api.url) as client:
        assert list(client.presets()) == []
    assert len(api.requests("GET", "/presets")) == 3


def test_reading_is_retried_a_few_times_only(api: CannedApi) -> None:
    api.on("GET", "/presets", problem(503, "never"))
    with Client(api.url) as client, pytest.raises(Unavailable, match="never"):
        client.presets()
    assert len(api.requests("GET", "/presets")) == 4


@pytest.mark.parametrize("stated", ["0", "60", "soon", ""])
def test_limited_request_is_retried_if_that_is_soon(api: CannedApi, stated: str) -> None:
    limited = replace(problem(429, "too many requests"), headers={"Retry-After": stated})
    api.on("POST", "/experiments", limited, Answer(samples.experiment(), 202))
    with Client(api.url) as client:
        if stated == "0":
            assert client.submit({}).id == ID
        else:
            with pytest.raises(Exhausted, match="too many requests"):
                client.submit({})
    assert len(api.requests("POST", "/experiments")) == (2 if stated == "0" else 1)


def test_writing_is_never_retried(api: CannedApi) -> None:
    api.on("POST", "/experiments", problem(503, "not yet"), Answer(samples.experiment(), 202))
    with Client(api.url) as client, pytest.raises(Unavailable, match="not yet"):
        client.submit({})
    assert len(api.requests("POST", "/experiments")) == 1


def test_absent_service_is_unreachable() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with Client(url) as client, pytest.raises(Unreachable, match=f"no Trainyard at {url}.*trainyard up"):
        client.presets()


@pytest.mark.parametrize("url", ["localhost:8000", "http://[", "ftp://127.0.0.1"])
def test_malformed_url_is_unreachable(url: str) -> None:
    with pytest.raises(Unreachable, match="no Trainyard at "), Client(url) as client:
        client.presets()


def test_wait_returns_the_ended_experiment(api: CannedApi) -> None:
    end = {"status": "succeeded"}
    change = {"status": "succeeded", "attempts": 1, "error": None, "stop_reason": None}
    stream = epoch_event(0, loss=1.0) + sse("status", change) + sse("end", end)
    api.on("GET", f"/experiments/{ID}/events", Answer(stream))
    api.on("GET", f"/experiments/{ID}", Answer(samples.experiment(status="succeeded")))
    with Client(api.url) as client:
        assert client.wait(ID).status == "succeeded"


def test_answers_are_explained(api: CannedApi) -> None:
    api.on("POST", "/predict", Answer({**samples.PREDICTIONS, "explanations": [samples.OCCLUSION]}))
    path = f"/experiments/{samples.ID}/explanations"
    api.on("POST", path, Answer(samples.EXPLANATION))

    with Client(api.url) as client:
        [explained] = client.predict(b"an image", explain="occlusion").explanations or []
        of_image = client.explain(samples.ID, b"an image", "9")
        of_sample = client.explain_sample(samples.ID, 5, split="validation")
    assert explained.figure.content == base64.b64decode(samples.PNG)
    assert of_image == of_sample
    assert (of_image.model.experiment_id, of_image.explanation) == (samples.ID, explained)
    by_image, by_sample = api.requests("POST", path)
    assert (by_image.query, b"an image" in by_image.body) == ({"class": "9"}, True)
    assert (by_sample.query, by_sample.body) == ({"index": "5", "split": "validation"}, b"")


def test_images_of_all_kinds_are_sent_under_names(api: CannedApi, tmp_path: Path) -> None:
    import numpy as np
    from PIL import Image

    path = tmp_path / "four.png"
    path.write_bytes(b"an image")
    api.on("POST", "/predict", Answer(samples.PREDICTIONS))
    with Client(api.url) as client, path.open("rb") as file:
        pixels = np.zeros((4, 4), np.uint8)
        images = (path, str(path), b"another", file, pixels, Image.fromarray(pixels))
        answer = client.predict(*images, dataset="digits", top=2)
    assert answer.predictions[0].top[0].label == "4"
    (request,) = api.requests("POST", "/predict")
    assert request.query == {"dataset": "digits", "top": "2"}
    assert request.body.count(b'name="file"; filename="') == 6
    assert request.body.count(b'filename="four.png"') == 3
    assert request.body.count(b"an image") == 3
    assert request.body.count(b"\x89PNG") == 2


def test_delete_passes_force_on(api: CannedApi) -> None:
    api.on("DELETE", f"/experiments/{ID}", Answer(status=204))
    with Client(api.url) as client:
        client.delete(ID, force=True)
    assert api.requests("DELETE", f"/experiments/{ID}")[0].query == {"force": "true"}


def test_folder_is_uploaded_as_a_zip(api: CannedApi, tmp_path: Path) -> None:
    for name in ("cat/1.png", "dog/1.png", ".git/config"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    api.on("POST", "/datasets", Answer(samples.dataset_record(), 202))
    with Client(api.url) as client:
        assert client.add_dataset("own", tmp_path).status == "converting"
    (request,) = api.requests("POST", "/datasets")
    assert request.query == {"name": "own"}
    assert request.headers["content-length"] == str(len(request.body))
    assert zipfile.ZipFile(io.BytesIO(request.body)).namelist() == ["cat/1.png", "dog/1.png"]


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (samples.dataset(), "dataset own exists already; delete it first or choose another name"),
        ({**samples.dataset(), "name": "mnist", "record": None}, "mnist is the name of a built-in dataset"),
    ],
)
def test_existing_dataset_is_found_before_packing(
    api: CannedApi, tmp_path: Path, found: dict[str, Any], sentence: str
) -> None:
    api.on("GET", "/datasets/own", Answer(found))
    (tmp_path / "missing.png").symlink_to("nowhere")  # cannot be packed
    with Client(api.url) as client, pytest.raises(Conflict, match=sentence):
        client.add_dataset("own", tmp_path)
    assert api.requests("POST", "/datasets") == []


def test_unknown_layout_is_found_before_packing(api: CannedApi, tmp_path: Path) -> None:
    with Client(api.url) as client, pytest.raises(UploadError, match="unknown layout 'cvs'; expected one of auto"):
        client.add_dataset("own", tmp_path, "cvs")
    assert api.requests("GET", "/datasets/own") == []


def unseekable(content: bytes) -> io.RawIOBase:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    return Pipe(content)  # type: ignore[return-value]


@pytest.mark.parametrize("kind", [bytes, io.BytesIO, unseekable])
def test_archive_may_be_bytes_or_a_file_object(api: CannedApi, kind: Callable[[bytes], Any]) -> None:
    api.on("POST", "/datasets", Answer(samples.dataset_record(), 202))
    with Client(api.url) as client:
        client.add_dataset("own", kind(b"PK"))
    (request,) = api.requests("POST", "/datasets")
    assert (request.body, request.headers["content-length"]) == (b"PK", "2")


def test_batch_is_read_line_by_line(api: CannedApi) -> None:
    api.on("POST", "/predict:batch", Answer(json_lines(*samples.BATCH)))
    with Client(api.url) as client:
        model, prediction, error, end = client.predict_batch(b"PK")
    assert isinstance(prediction, Prediction)
    assert [line.to_dict() for line in (model, prediction, error, end)] == samples.BATCH


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        ({**samples.BATCH_END, "done": False, "error": "it is cut short"}, "it is cut short"),
        (samples.PREDICTION, "without its last line"),
    ],
)
def test_batch_that_breaks_off_is_incomplete(api: CannedApi, last: dict[str, Any], reason: str) -> None:
    api.on("POST", "/predict:batch", Answer(json_lines(*samples.BATCH[:2], last)))
    lines: list[BatchLine] = []
    with Client(api.url) as client, pytest.raises(IncompleteAnswer, match=reason):
        lines.extend(client.predict_batch(b"PK"))
    with Client(api.url) as client:
        assert [next(client.predict_batch(b"PK")).to_dict()] == samples.BATCH[:1]


def test_bundle_replaces_its_target_when_complete(api: CannedApi, tmp_path: Path) -> None:
    path, content = f"/models/{ID}/bundle.zip", bytes(range(256)) * 1000
    cut_short = Answer(content, headers={"Content-Length": str(len(content) + 1), "Connection": "close"})
    api.on("GET", path, cut_short, Answer(content))
    target = tmp_path / "model.zip"
    target.write_text("an older one")
    with Client(api.url) as client:
        with pytest.raises(Unreachable):
            client.bundle(ID, target)
        assert target.read_text() == "an older one"
        assert client.bundle(ID, str(target)) == target
    assert target.read_bytes() == content
    assert [each.name for each in tmp_path.iterdir()] == ["model.zip"]


def json_lines(*documents: dict[str, Any]) -> str:
    return "".join(json.dumps(document) + "\n" for document in documents)
