"""Tables of experiments: fields, conditions, orders, pages, CSV."""

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from models_store.events import DatasetChange
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.index import Index
from models_store.experiments.record import Record
from models_store.store import Store
from settings import Settings
from specs.experiment import ExperimentSpec, parse_spec
from tests.models_store.results import points
from tests.support.api import ApiClient
from tests.support.contract import JsonObject
from tests.support.published import publish
from tests.support.waiting import eventually

MakeSpec = Callable[..., ExperimentSpec]
TABLE = "/experiments?fields=summary"


@pytest.fixture
def runs(client: ApiClient, api_store: Store, tiny_document: JsonObject) -> dict[str, Record]:
    """Experiments by name: two that have succeeded, one that trains, one that waits."""

    def spec(name: str, *tags: str, **training: Any) -> ExperimentSpec:
        changed = {"name": name, "tags": list(tags), "training": {**tiny_document["training"], **training}}
        return parse_spec({**tiny_document, "notes": f"\n Of {name}.\nMore.", **changed})

    good = publish(api_store, spec("good", "a", "b", optimizer={"type": "Adam"}), epochs=3, val_accuracy=0.9)
    bad = publish(api_store, spec("bad", "b", optimizer={"type": "SGD"}), val_accuracy=0.5)
    training = api_store.experiments.create(spec("training", batch_size=128))
    claim = TrainingClaim.acquire(api_store.training_jobs, training.id, worker="test:1")
    assert claim is not None
    for each in points(40):
        claim.append(each)
    waiting = api_store.experiments.create(spec("waiting"))
    return {record.name: record for record in (good, bad, training, waiting)}


def names(client: ApiClient, query: str) -> list[str]:
    answer = client.get(f"{TABLE}&{query}" if query else TABLE)
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json()["items"]]


def test_summaries_are_read_before_anybody_asks(
    settings: Settings, store: Store, tiny_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = {store.experiments.create(tiny_spec()).id for _ in range(3)}
    read: list[str] = []
    get_many = Index.get_many

    def note(index: Index, ids: Sequence[str]) -> list[Record]:
        read.extend(ids)
        return get_many(index, ids)

    monkeypatch.setattr(Index, "get_many", note)
    with ApiClient(settings) as client:
        eventually(lambda: made <= set(read))
        read.clear()
        assert client.get(TABLE).json()["total"] == 3
    assert read == []


def test_summary_is_the_record_in_short(client: ApiClient, runs: dict[str, Record]) -> None:
    waiting, training, _, good = client.get(TABLE).json()["items"]

    assert good["notes"] == "Of good."
    assert (good["tags"], good["star"], good["parameters"]) == (["a", "b"], False, 650)
    assert (good["status"], good["epochs"], good["epochs_completed"]) == ("succeeded", 2, 3)
    assert good["metrics"]["val_accuracy"] == 0.9
    assert good["metrics"]["test_accuracy"] == 0.8
    assert good["seconds"] >= 0
    assert (training["status"], training["worker"], training["seconds"]) == ("running", "test:1", None)
    assert training["sparkline"]["metric"] == "val_accuracy"
    assert training["sparkline"]["values"] == [*(epoch / 10 for epoch in range(0, 40, 2)), 3.9]
    assert (waiting["sparkline"]["values"], waiting["started_at"]) == ([], None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["waiting", "training", "bad", "good"]),
        ("training.optimizer.type=Adam&val_accuracy>0.6", ["training", "good"]),
        ("training.optimizer.type=Adam&val_accuracy%3E0.6&status=succeeded", ["good"]),
        ("val_accuracy>=0.9&val_accuracy<=0.9", ["good"]),
        ("val_accuracy>0.9&status!=running", []),
        ("val_accuracy<0.9", ["bad"]),
        ("val_accuracy=null", ["waiting"]),
        ("val_accuracy!=null&status!=running", ["bad", "good"]),
        ("training.optimizer.type!=SGD", ["waiting", "training", "good"]),
        ("model.layers.type=Dense", ["waiting", "training", "bad", "good"]),
        ("model.layers.0.type=Dense", []),
        ("model.layers.activation=relu", []),
        ("training.batch_size=128", ["training"]),
        ("training.devices=1", ["waiting", "training", "bad", "good"]),
        ("training.devices=null", []),
        ("training.devices<2&sort=-training.devices", ["waiting", "training", "bad", "good"]),
        ("tag=b", ["bad", "good"]),
        ("tags=b&tags=a", ["good"]),
        ("tag!=b", ["waiting", "training"]),
        ("star=false", ["waiting", "training", "bad", "good"]),
        ("star=true", []),
        ("name=AIN", ["training"]),
        ("dataset!=digits", []),
        ("created_at>2026-01-01", ["waiting", "training", "bad", "good"]),
        ("created_at<2026-01-01T00:00:00Z", []),
        ("started_at=null", ["waiting"]),
        ("augmentation=null", ["waiting", "training", "bad", "good"]),
        ("name>b&name<h", ["bad", "good"]),
        ("sort=-val_accuracy", ["training", "good", "bad", "waiting"]),
        ("sort=val_accuracy", ["bad", "good", "training", "waiting"]),
        ("sort=name", ["bad", "good", "training", "waiting"]),
        ("sort=-training.batch_size", ["training", "waiting", "bad", "good"]),
        ("sort=created_at", ["good", "bad", "training", "waiting"]),
    ],
)
def test_conditions_and_order_on_any_field(
    client: ApiClient, runs: dict[str, Record], query: str, expected: list[str]
) -> None:
    assert names(client, query) == expected


def test_whole_records_take_conditions_as_well(client: ApiClient, runs: dict[str, Record]) -> None:
    answer = client.get("/experiments?training.optimizer.type=SGD&sort=epochs_completed").json()

    assert [each["spec"]["name"] for each in answer["items"]] == ["bad"]


@pytest.mark.parametrize(
    ("query", "pointer", "detail"),
    [
        ("training.optimzer.type=Adam", "/query/training.optimzer.type", "did you mean `training.optimizer.type`?"),
        ("val_acuracy>0.9", "/query/val_acuracy", "did you mean `val_accuracy`?"),
        ("sort=-val_acuracy", "/query/sort", "did you mean `val_accuracy`?"),
        ("val_accuracy>much", "/query/val_accuracy", "expected a number or a time after >"),
        ("val_accuracy>", "/query/val_accuracy>", "expected a number, a time or a text after >"),
        ("val_accuracy!0.5=", "/query/val_accuracy!0.5", "expected !="),
        ("=1", "/query/", "expected a condition such as val_accuracy>0.98"),
        ("limit=10001", "/query/limit", "less than or equal to 10000"),
        ("&".join(f"name=a{each}" for each in range(2)), "/query/name", "received 2 different values; send one"),
        ("&".join(f"epochs>{each}" for each in range(21)), "/query", "expected at most 20 conditions, received 21"),
    ],
)
def test_bad_condition_points_at_itself(
    client: ApiClient, runs: dict[str, Record], query: str, pointer: str, detail: str
) -> None:
    answer = client.get(f"{TABLE}&{query}")

    assert answer.status_code == 422
    (problem,) = answer.json()["errors"]
    assert problem["pointer"] == pointer
    assert detail in problem["detail"]


def test_limit_of_records_names_the_summary(client: ApiClient) -> None:
    answer = client.get("/experiments?limit=201")

    assert answer.status_code == 422
    assert "expected at most 200; fields=summary takes 10,000" in answer.json()["detail"]


@pytest.mark.parametrize("sort", ["-created_at", "val_accuracy", "-val_accuracy", "name", "-dataset", "tags"])
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_show_each_experiment_once(client: ApiClient, runs: dict[str, Record], sort: str, limit: int) -> None:
    target: str | None = f"{TABLE}&sort={sort}&limit={limit}"
    seen: list[str] = []
    while target is not None:
        answer = client.get(target)
        assert answer.json()["total"] == 4
        seen += [each["name"] for each in answer.json()["items"]]
        target = answer.links.get("next", {}).get("url")

    assert seen == names(client, f"sort={sort}")


@pytest.mark.parametrize("cursor", ["nonsense", "W10=", "WyJuYW1lIixbMSwyXV0="])
def test_foreign_cursor_of_a_table_is_rejected(client: ApiClient, cursor: str) -> None:
    answer = client.get(f"{TABLE}&cursor={cursor}")

    assert answer.status_code == 422
    assert "this cursor was not made by this service" in answer.json()["detail"]


def test_cursor_of_another_order_is_rejected(client: ApiClient, runs: dict[str, Record]) -> None:
    cursor = client.get(f"{TABLE}&limit=1&sort=name").json()["next_cursor"]

    assert "belongs to sort=name" in client.get(f"{TABLE}&cursor={cursor}").json()["detail"]


def test_table_follows_every_change(client: ApiClient, api_store: Store, runs: dict[str, Record]) -> None:
    assert len(names(client, "")) == 4
    api_store.experiments.cancel(runs["waiting"].id)
    assert names(client, "status=cancelled") == ["waiting"]
    api_store.experiments.delete(runs["waiting"].id)
    assert len(names(client, "")) == 3
    with api_store.redis as redis:
        redis.flushall()
    assert client.get(TABLE).status_code == 503
    api_store.reconciler.sweep()
    assert len(names(client, "")) == 3


@pytest.mark.parametrize("path", ["/experiments?fields=summary", "/experiments", "/experiments.csv"])
def test_unchanged_list_is_not_sent_again(
    client: ApiClient, api_store: Store, runs: dict[str, Record], path: str
) -> None:
    first = client.get(path)
    api_store.experiments.events.add("dataset", DatasetChange(name="other", status="queued"))
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    api_store.experiments.cancel(runs["waiting"].id)
    changed = client.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert changed.status_code == 200


def test_table_is_csv(client: ApiClient, runs: dict[str, Record]) -> None:
    by_suffix = client.get("/experiments.csv?sort=name")
    negotiated = client.get("/experiments?sort=name", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(by_suffix.text)))

    assert by_suffix.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert negotiated.text == by_suffix.text
    assert [row["name"] for row in rows] == ["bad", "good", "training", "waiting"]
    assert (rows[1]["tags"], rows[1]["star"], rows[1]["val_accuracy"]) == ("a b", "false", "0.9")
    assert rows[3]["val_accuracy"] == ""
    assert [
        row["name"] for row in csv.DictReader(io.StringIO(client.get("/experiments.csv?val_accuracy<0.9").text))
    ] == ["bad"]


def test_names_in_csv_are_no_formulas(client: ApiClient, api_store: Store, tiny_document: JsonObject) -> None:
    publish(api_store, parse_spec({**tiny_document, "name": "=1+1", "notes": "@SUM(A1)"}), val_accuracy=0.5)
    [row] = csv.DictReader(io.StringIO(client.get("/experiments.csv").text))
    assert (row["name"], row["notes"]) == ("'=1+1", "'@SUM(A1)")
    assert float(row["val_accuracy"]) == 0.5
    assert client.get("/experiments").json()["items"][0]["name"] == "=1+1"
