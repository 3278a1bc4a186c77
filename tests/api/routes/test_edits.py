"""`PATCH /experiments/{id}`, and the ETags of what is read."""

from collections.abc import Callable
from typing import Any

import pytest

from models_store.experiments.claim import TrainingClaim
from models_store.experiments.record import Progress
from models_store.store import Store
from specs.experiment import ExperimentSpec
from tests.models_store.results import point
from tests.support.api import ApiClient
from tests.support.contract import JsonObject
from tests.support.published import publish

MakeSpec = Callable[..., ExperimentSpec]
MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}


@pytest.fixture
def path(client: ApiClient, tiny_document: JsonObject) -> str:
    """Of an experiment with a name, notes and tags."""
    document = {**tiny_document, "notes": "As posted.", "tags": ["a"]}
    return str(client.post("/experiments", json=document).headers["Location"])


@pytest.mark.parametrize("headers", [MERGE_PATCH, {"Content-Type": "application/json"}, {}])
def test_edit_changes_the_record_alone(client: ApiClient, path: str, headers: dict[str, str]) -> None:
    patch = b'{"name": "wider", "notes": "Better.", "tags": ["b", "c"], "star": true}'
    answer = client.patch(path, content=patch, headers=headers)
    record = client.get(path).json()

    assert answer.json() == {**record, "queue_position": None, "waits_because": None}
    assert (record["name"], record["notes"], record["tags"], record["star"]) == ("wider", "Better.", ["b", "c"], True)
    assert (record["spec"]["name"], record["spec"]["notes"], record["spec"]["tags"]) == ("tiny", "As posted.", ["a"])
    assert [each["name"] for each in client.get("/experiments?tag=c").json()["items"]] == ["wider"]
    (row,) = client.get("/experiments?fields=summary&star=true").json()["items"]
    assert (row["name"], row["notes"]) == ("wider", "Better.")


def test_null_restores_what_was_posted(client: ApiClient, path: str) -> None:
    posted = client.get(path).json()
    client.patch(path, json={"name": "wider", "notes": "", "tags": [], "star": True})
    restored = client.patch(path, json={"name": None, "notes": None, "tags": None, "star": None}).json()

    names = ("name", "notes", "tags", "star")
    assert {name: restored[name] for name in names} == {name: posted[name] for name in names}


def test_edit_without_a_change_is_none(client: ApiClient, path: str) -> None:
    assert client.patch(path, json={"name": "tiny"}).json()["version"] == 0
    assert client.patch(path, json={}).json()["version"] == 0


@pytest.mark.parametrize(
    ("patch", "pointer", "detail"),
    [
        ({"nmae": "x"}, "/nmae", "did you mean `name`?"),
        ({"status": "failed"}, "/status", "unknown field"),
        ({"name": ""}, "/name", ""),
        ({"name": "two\nlines"}, "/name", ""),
        ({"tags": "a"}, "/tags", ""),
        ({"tags": ["a", 3]}, "/tags/1", ""),
        ({"star": "yes"}, "/star", ""),
        ({"notes": "x" * 100_000}, "/notes", ""),
    ],
)
def test_invalid_edit_points_at_its_field(client: ApiClient, path: str, patch: Any, pointer: str, detail: str) -> None:
    answer = client.patch(path, json=patch)

    assert answer.status_code == 422
    assert pointer in [each["pointer"] for each in answer.json()["errors"]]
    assert detail in answer.json()["detail"]
    assert client.get(path).json()["version"] == 0


def test_edit_that_is_no_object_is_rejected(client: ApiClient, path: str) -> None:
    assert client.patch(path, content=b"[]").status_code == 422
    assert client.patch(path, content=b"{").status_code == 422
    assert client.patch(f"{path[:-4]}ZZZZ", json={}).status_code == 404


def test_edit_keeps_the_training_going(client: ApiClient, api_store: Store, path: str) -> None:
    claim = TrainingClaim.acquire(api_store.training_jobs, path.rpartition("/")[2], worker="test:1")
    assert claim is not None
    claim.append(point(0))
    claim.show(Progress(phase="training", epoch=1))
    edited = client.patch(path, json={"star": True}).json()
    claim.check()
    claim.append(point(1))
    record = client.get(path).json()

    assert (edited["epochs_completed"], edited["progress"]["epoch"]) == (1, 1)
    assert (record["star"], record["epochs_completed"], record["sparkline"]) == (True, 2, [0.5, 0.5])
    assert claim.cancel().star


def test_second_editor_is_told(client: ApiClient, api_store: Store, path: str) -> None:
    claim = TrainingClaim.acquire(api_store.training_jobs, path.rpartition("/")[2], worker="test:1")
    assert claim is not None
    etag = client.get(path).headers["ETag"]
    claim.append(point(0))

    assert client.get(path).headers["ETag"] != etag
    first = client.patch(path, json={"name": "mine"}, headers={"If-Match": etag})
    second = client.patch(path, json={"name": "yours"}, headers={"If-Match": f'W/{etag}, "other"'})
    third = client.patch(path, json={"name": "yours"}, headers={"If-Match": first.headers["ETag"]})
    anyway = client.patch(path, json={"star": True}, headers={"If-Match": "*"})

    assert (first.status_code, second.status_code, third.status_code) == (200, 412, 200)
    assert "has been edited since you read it: its name is 'mine'" in second.json()["detail"]
    assert anyway.json()["name"] == "yours"


def test_what_the_client_has_is_not_sent_again(client: ApiClient, api_store: Store, tiny_spec: MakeSpec) -> None:
    record = publish(api_store, tiny_spec())
    for suffix in ("", "/history", "/history.csv", "/evaluation", "/evaluation?split=validation"):
        path = f"/experiments/{record.id}{suffix}"
        etag = client.get(path).headers["ETag"]
        again = client.get(path, headers={"If-None-Match": f'"other", {etag}'})

        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag), path
        assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_foreign_page_cannot_edit(client: ApiClient, path: str) -> None:
    answer = client.patch(path, json={"star": True}, headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403
    assert client.get(path).json()["star"] is False
