"""The lineage of an experiment, by itself and over HTTP."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from analysis.comparison.lineage import follow_ancestry, read_lineage
from models_store.errors import NotFound
from models_store.experiments.folders import RECORD_FILE
from models_store.experiments.record import Record
from models_store.experiments.stored_spec import StoredSpec
from models_store.frozen import utc_now
from models_store.store import Store
from specs.experiment import parse_spec
from tests.support.api import ApiClient
from tests.support.published import publish, results_on

Document = dict[str, Any]
Publish = Callable[..., Record]
UNKNOWN = "01J00000000000000000000000"


def record(name: str, based_on: str | None = None) -> Record:
    return Record(id=name, name=name, based_on=based_on, dataset="digits", spec=StoredSpec({}), created_at=utc_now())


def getter(*records: Record) -> Callable[[str], Record]:
    known: Mapping[str, Record] = {each.id: each for each in records}

    def get(experiment_id: str) -> Record:
        if experiment_id not in known:
            raise NotFound(experiment_id)
        return known[experiment_id]

    return get


@pytest.fixture
def published(api_store: Store, tiny_document: Document) -> Publish:
    """Publish an experiment with this accuracy, based on that one."""

    def make(accuracy: float, parent: Record | None = None, **changes: Any) -> Record:
        document = {**tiny_document, "name": f"{accuracy}", "based_on": parent and parent.id, **changes}
        spec = parse_spec(document)
        results = results_on(spec.dataset.facts, accuracy)
        return publish(api_store, spec, val_accuracy=accuracy + 0.02, results=results)

    return make


def lineage(client: ApiClient, record: Record) -> Document:
    answer = client.get(f"/experiments/{record.id}/lineage")
    assert answer.status_code == 200, answer.text
    document: Document = answer.json()
    return document


def test_ancestry_leads_to_the_root() -> None:
    root, middle, last = record("a"), record("b", "a"), record("c", "b")

    assert follow_ancestry(last, getter(root, middle, last)) == ([root, middle, last], None)
    assert follow_ancestry(root, getter(root)) == ([root], None)


def test_ancestry_ends_at_a_deleted_ancestor() -> None:
    middle, last = record("b", "a"), record("c", "b")

    assert follow_ancestry(last, getter(middle, last)) == ([middle, last], "b is based on a, which has been deleted")


def test_ancestry_ends_at_a_cycle() -> None:
    first, second, own = record("a", "b"), record("b", "a"), record("c", "c")

    assert follow_ancestry(second, getter(first, second)) == (
        [first, second],
        "a is based on b, which is itself based on it",
    )
    assert follow_ancestry(own, getter(own)) == ([own], "c is based on c, which is itself based on it")


@pytest.mark.parametrize(
    ("length", "note"), [(100, None), (101, "only the last 100 are shown; the one before them is 0")]
)
def test_ancestry_is_bounded(length: int, note: str | None) -> None:
    records = [record("0"), *(record(str(number), str(number - 1)) for number in range(1, length))]

    assert follow_ancestry(records[-1], getter(*records)) == (records[-100:], note)


def test_steps_have_their_changes_and_gains(client: ApiClient, published: Publish) -> None:
    layers = [{"type": "Flatten"}, {"type": "Dropout", "rate": 0.5}, {"type": "Dense"}]
    root = published(0.2)
    middle = published(0.6, root, model={"layers": layers})
    last = published(0.9, middle, model={"layers": layers}, training={"epochs": 5, "batch_size": 64})

    answer = lineage(client, last)

    assert [item["id"] for item in answer["items"]] == [root.id, middle.id, last.id]
    assert answer["summary"] == "20.0 % -> 60.0 % -> 90.0 %"
    assert answer["note"] is None
    first, second, third = answer["items"]
    assert (first["accuracy_gain"], first["val_accuracy_gain"], first["patch"], first["changed"]) == (None,) * 4
    assert (second["accuracy"], second["val_accuracy"]) == pytest.approx((0.6, 0.62))
    assert (second["accuracy_gain"], second["val_accuracy_gain"]) == pytest.approx((0.4, 0.4))
    assert third["accuracy_gain"] == pytest.approx(0.3)
    assert second["changed"] == "Dropout added at model.layers.1"
    assert {operation["path"] for operation in second["patch"]} == {"/name", "/based_on", "/model/layers/1"}
    assert third["changed"] == "training.epochs: 2 -> 5; training.deterministic: true -> false"


def test_children_are_based_on_the_experiment(client: ApiClient, published: Publish) -> None:
    root = published(0.2)
    elder, younger = published(0.3, root), published(0.4, root)
    published(0.5, elder)

    assert lineage(client, root)["children"] == [
        {"id": each.id, "name": each.name, "status": "succeeded"} for each in (elder, younger)
    ]
    assert lineage(client, younger)["children"] == []


def test_children_are_unknown_until_index_is_complete(store: Store, tiny_document: Document) -> None:
    root = store.experiments.create(parse_spec(tiny_document))

    assert read_lineage(root.id, store.experiments).children is None
    store.reconciler.sweep()
    assert read_lineage(root.id, store.experiments).children == []


def test_queued_experiment_has_its_status_for_accuracy(
    client: ApiClient, published: Publish, tiny_document: Document
) -> None:
    root = published(0.2)
    waiting = client.post("/experiments", json={**tiny_document, "based_on": root.id}).json()["id"]

    answer = client.get(f"/experiments/{waiting}/lineage").json()

    assert answer["summary"] == "20.0 % -> queued"
    assert (answer["items"][1]["accuracy"], answer["items"][1]["accuracy_gain"]) == (None, None)
    assert (answer["items"][1]["status"], answer["items"][1]["changed"]) == ("queued", "nothing")


def test_accuracies_on_other_data_have_no_gain(client: ApiClient, published: Publish) -> None:
    root = published(0.2)
    easier = published(0.9, root, dataset={"name": "digits", "classes": ["0", "1"]})
    limited = published(0.8, root, dataset={"name": "digits", "limit_per_class": 100}, training={"batch_size": 16})

    assert lineage(client, easier)["items"][1]["accuracy_gain"] is None
    assert lineage(client, easier)["items"][1]["val_accuracy_gain"] is None
    assert lineage(client, limited)["items"][1]["accuracy_gain"] == pytest.approx(0.6)


def test_deleted_ancestor_has_a_note(client: ApiClient, api_store: Store, published: Publish) -> None:
    root = published(0.2)
    last = published(0.6, root)
    api_store.experiments.delete(root.id)

    answer = lineage(client, last)

    assert [item["id"] for item in answer["items"]] == [last.id]
    assert answer["note"] == f"{last.id} is based on {root.id}, which has been deleted"


def test_damaged_ancestor_has_no_patch(client: ApiClient, api_store: Store, published: Publish) -> None:
    root = published(0.2)
    last = published(0.6, root)
    (api_store.experiments.folder(root.id) / RECORD_FILE).write_bytes(b"{")
    api_store.experiments.index.remove(root.id)

    answer = lineage(client, last)

    assert answer["items"][0]["status"] == "failed"
    assert (answer["items"][1]["patch"], answer["items"][1]["changed"]) == (None, None)


def test_lineage_of_unknown_experiment_is_not_found(client: ApiClient) -> None:
    answer = client.get(f"/experiments/{UNKNOWN}/lineage")

    assert (answer.status_code, answer.json()["detail"]) == (404, f"experiment {UNKNOWN} not found")


def test_lineage_tells_the_reasons(client: ApiClient, published: Publish) -> None:
    root = published(0.9)
    child = published(0.95, root, notes="deeper, because training stagnated")

    assert [step["notes"] for step in lineage(client, child)["items"]] == ["", "deeper, because training stagnated"]


def test_presets_are_compared_by_their_layers(client: ApiClient, api_store: Store) -> None:
    root = publish(api_store, parse_spec({"dataset": {"name": "mnist"}, "model": {"preset": "mnist-cnn"}}))
    spec = {"dataset": {"name": "mnist"}, "model": {"preset": "mnist-cnn-regularized"}, "based_on": root.id}
    child = publish(api_store, parse_spec(spec))

    step = lineage(client, child)["items"][1]

    assert 'model.preset: "mnist-cnn" -> "mnist-cnn-regularized"' in step["changed"]
    assert "model.layers." in step["changed"]
    assert not any(each["path"].startswith("/model/layers") for each in step["patch"])
    compared = client.get("/compare", params={"ids": f"{root.id},{child.id}"}).json()
    assert compared["experiments"][1]["changed"] == step["changed"]
