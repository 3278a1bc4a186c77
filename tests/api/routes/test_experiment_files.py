import hashlib
from collections.abc import Callable

import pytest

from models_store.experiments.claim import TrainingClaim
from models_store.experiments.log import append_line
from models_store.store import Store
from specs.experiment import ExperimentSpec
from tests.support.api import ApiClient
from tests.support.published import point, publish

Spec = Callable[..., ExperimentSpec]
MISSING = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"


@pytest.fixture
def finished(api_store: Store, tiny_spec: Spec) -> str:
    return publish(api_store, tiny_spec()).id


def test_every_listed_file_is_available(client: ApiClient, api_store: Store, finished: str) -> None:
    append_line(api_store.experiments.folder(finished), "trained")
    files = client.get(f"/experiments/{finished}/files").json()["items"]
    assert {"bundle.zip", "report.html", "history.csv", "model.onnx", "trainer.log"} <= {each["name"] for each in files}
    assert len({each["name"] for each in files}) == len(files)
    for each in files:
        answer = client.get(each["url"])
        assert answer.status_code == 200, each
        if each["bytes"] is None:
            assert answer.headers["Content-Type"].startswith(each["media_type"])
            continue
        assert len(answer.content) == each["bytes"] == int(answer.headers["Content-Length"])
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{each["name"]}"'
        assert each["sha256"] in (None, hashlib.sha256(answer.content).hexdigest())


def test_media_types_are_those_of_the_content(client: ApiClient, finished: str) -> None:
    files = {each["name"]: each["media_type"] for each in client.get(f"/experiments/{finished}/files").json()["items"]}
    assert (files["experiment.json"], files["history.jsonl"]) == ("application/json", "application/x-ndjson")
    assert (files["model.keras"], files["bundle.zip"]) == ("application/octet-stream", "application/zip")


def test_files_follow_the_status(client: ApiClient, api_store: Store, tiny_spec: Spec) -> None:
    record = api_store.experiments.create(tiny_spec())

    def names() -> list[str]:
        return [each["name"] for each in client.get(f"/experiments/{record.id}/files").json()["items"]]

    assert names() == ["experiment.json"]
    claim = TrainingClaim.acquire(api_store.training_jobs, record.id, worker="test:1")
    assert claim is not None
    claim.begin_history([])
    claim.append(point(0))
    made = ["history.csv", "history.svg", "tensorboard.zip", "report.html", "report.md"]
    assert names() == [*made, "experiment.json", "history.jsonl"]


def test_stored_file_is_sent_once(client: ApiClient, finished: str) -> None:
    path = f"/experiments/{finished}/files/model.onnx"
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.head(path).headers["Content-Length"] == str(len(first.content))


@pytest.mark.parametrize("name", ["nothing.txt", "..%2fexperiment.json", ".lock", "x" * 500])
def test_unknown_file_is_not_found(client: ApiClient, finished: str, name: str) -> None:
    answer = client.get(f"/experiments/{finished}/files/{name}")
    assert answer.status_code == 404
    assert "its stored files are" in answer.json()["detail"] or "No route" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["files", "files/experiment.json", "log"])
def test_files_of_an_unknown_experiment_are_not_found(client: ApiClient, path: str) -> None:
    assert client.get(f"/experiments/{MISSING}/{path}").status_code == 404
    assert client.get(f"/experiments/nonsense/{path}").status_code == 404


def test_log_is_text_and_may_be_cut(client: ApiClient, api_store: Store, tiny_spec: Spec) -> None:
    record = api_store.experiments.create(tiny_spec())
    path = f"/experiments/{record.id}/log"
    assert client.get(path).text == ""
    for number in range(3):
        append_line(api_store.experiments.folder(record.id), f"line {number}")
    answer = client.get(path)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert [line[-6:] for line in answer.text.splitlines()] == ["line 0", "line 1", "line 2"]
    assert client.get(f"{path}?lines=1").text == answer.text.splitlines(keepends=True)[-1]
    assert client.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert client.get(f"{path}?lines=0").status_code == 422
