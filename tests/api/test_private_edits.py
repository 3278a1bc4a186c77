"""What becomes private together: all of it or nothing, and whatever happens between."""

from typing import Any

import pytest

from models_store.errors import Busy
from models_store.evaluations.record import EvaluationRecord
from models_store.experiments.record import Record
from models_store.privacy import change_sweep
from models_store.store import Store
from settings import Settings
from specs.access import KeyScope
from specs.evaluation import parse_evaluation
from specs.experiment import parse_spec
from tests.support.api import ApiClient
from tests.support.contract import JsonObject
from tests.support.noise import noisy_digits
from tests.support.published import finish
from tests.worker.sweeps.trainings import grid_of, supervisor

ANN_AND_BOB = tuple(each for each in KeyScope if each is not KeyScope.ADMIN)


@pytest.fixture
def keyed_store(keyed_client: ApiClient) -> Store:
    return keyed_client.services.store


def published(store: Store, document: JsonObject, **fields: Any) -> Record:
    return finish(store, store.experiments.create(parse_spec(document, store.known_datasets()), **fields))


def add_sevens(store: Store) -> None:
    with store.datasets.receive_archive() as archive:
        archive.write(noisy_digits(("7", "2"), train=8, test=4))
        store.datasets.add("sevens", archive, owner="ann")
    supervisor(store, Settings()).convert("sevens")


def on_sevens(document: JsonObject) -> JsonObject:
    training = {**document["training"], "batch_size": 4}
    return {
        **document,
        "dataset": {"name": "sevens"},
        "preprocessing": {"image_size": [8, 8]},
        "training": training,
    }


def test_sweep_becomes_private_in_two_attempts(
    keyed_store: Store, tiny_document: JsonObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = keyed_store.sweeps.create(grid_of(tiny_document, [16, 32]), owner="ann")
    supervisor(keyed_store, Settings()).advance_sweep(sweep.id)
    trials = [each.experiment_id or "" for each in keyed_store.sweeps.read(sweep.id).trials]

    def busy(*_: object) -> Record:
        raise Busy("held")

    with monkeypatch.context() as patched:
        patched.setattr(keyed_store.experiments, "edit", busy)
        with pytest.raises(Busy):
            change_sweep(keyed_store, sweep.id, {}, private=True)
    assert [keyed_store.experiments.read(each).private for each in trials] == [False, False]

    change_sweep(keyed_store, sweep.id, {}, private=True)

    assert [keyed_store.experiments.read(each).private for each in trials] == [True, True]


def test_dataset_in_what_serves_stays_public(
    keyed_client: ApiClient, keyed_store: Store, tiny_document: JsonObject
) -> None:
    add_sevens(keyed_store)
    document = {**tiny_document, "dataset": {"name": "digits", "add": ["sevens"]}}
    alone = published(keyed_store, on_sevens(tiny_document), owner="ann")
    serves = published(keyed_store, document, owner="ann")
    keyed_client.sign_in(*ANN_AND_BOB, owner="ann")
    assert keyed_client.put("/models/serving/digits", json={"experiment_id": serves.id}).status_code == 200

    answer = keyed_client.patch("/datasets/sevens", json={"private": True})

    assert (answer.status_code, "is pinned to serve digits" in answer.json()["detail"]) == (409, True)
    assert not keyed_store.datasets.get("sevens").private
    assert not keyed_store.experiments.read(alone.id).private


def test_promotions_of_what_became_private_are_gone(
    keyed_client: ApiClient, keyed_store: Store, tiny_document: JsonObject
) -> None:
    add_sevens(keyed_store)
    only = published(keyed_store, on_sevens(tiny_document), owner="ann")
    keyed_client.sign_in(*ANN_AND_BOB, owner="ann")
    assert keyed_client.put("/models/serving/sevens", json={"experiment_id": only.id}).status_code == 200
    assert keyed_client.delete(f"/experiments/{only.id}?force=true").status_code == 204
    assert keyed_client.patch("/datasets/sevens", json={"private": True}).status_code == 200
    assert "sevens" in keyed_client.get("/models/promotions").text

    keyed_client.sign_in(*ANN_AND_BOB, owner="bob")

    assert "sevens" not in keyed_client.get("/models/promotions").text


def test_evaluation_of_a_private_run_is_its_owners(
    keyed_store: Store, tiny_document: JsonObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_sevens(keyed_store)
    told = dict[str, str]()
    monkeypatch.setattr(
        keyed_store.experiments.events,
        "add",
        lambda kind, _data, subject="", private_to="": told.update({f"{kind} {subject}": private_to}),
    )
    for private in (True, False):
        record = published(keyed_store, tiny_document, owner="ann", private=private)
        evaluation = keyed_store.evaluations.add(
            record.id, parse_evaluation({"dataset": "sevens"}, keyed_store.known_datasets())
        )
        assert isinstance(evaluation, EvaluationRecord)
        assert told[f"evaluation {record.id}"] == ("ann" if private else "")


def test_rejected_edit_changes_nothing(keyed_client: ApiClient, keyed_store: Store, tiny_document: JsonObject) -> None:
    """Of several members the later ones are rejected: by what they say, or by the state of what they change."""
    keyed_client.sign_in(*ANN_AND_BOB, owner="ann")
    add_sevens(keyed_store)
    sweep = keyed_store.sweeps.create(grid_of(tiny_document, [16, 32]), owner="ann")
    keyed_store.sweeps.cancel(sweep.id)
    pinned = published(keyed_store, tiny_document, owner="ann")
    assert keyed_client.put("/models/serving/digits", json={"experiment_id": pinned.id}).is_success
    assert keyed_client.patch("/datasets/sevens", json={"hide_test": True}).is_success

    assert_rejected(keyed_client, "/datasets/sevens", {"private": True, "hide_test": False}, 409)
    assert_rejected(keyed_client, "/datasets/sevens", {"hide_test": True, "private": "perhaps"}, 422)
    assert_rejected(keyed_client, f"/sweeps/{sweep.id}", {"private": True, "parallel": 2}, 409)
    assert_rejected(keyed_client, f"/sweeps/{sweep.id}", {"private": True, "trials": 0}, 422)
    assert_rejected(keyed_client, f"/experiments/{pinned.id}", {"star": True, "private": True}, 409)
    assert_rejected(keyed_client, f"/experiments/{pinned.id}", {"star": True, "priority": 1000}, 422)
    assert_rejected(keyed_client, "/owners/me", {"private": True, "quota": 1}, 422)


def assert_rejected(client: ApiClient, path: str, changes: JsonObject, status: int) -> None:
    before = client.get(path).json()
    answer = client.patch(path, json=changes)
    assert answer.status_code == status, answer.text
    assert client.get(path).json() == before


def test_counts_of_what_became_private_have_no_name(keyed_client: ApiClient, keyed_store: Store) -> None:
    keyed_client.sign_in(*ANN_AND_BOB, owner="ann")
    add_sevens(keyed_store)
    metrics = keyed_client.services.metrics
    for counter in (metrics.predictions, metrics.batch_images):
        counter.labels("sevens", "answered").inc(2)
        counter.labels("digits", "answered").inc(3)
    assert 'prediction_requests_total{model="sevens",outcome="answered"} 2.0' in keyed_client.get("/metrics").text

    assert keyed_client.patch("/datasets/sevens", json={"private": True}).is_success

    for change in (lambda: None, lambda: keyed_client.delete("/datasets/sevens").raise_for_status()):
        change()
        shown = keyed_client.get("/metrics").text
        assert "sevens" not in shown
        for name in ("prediction_requests", "batch_images"):
            assert f'{name}_total{{model="private",outcome="answered"}} 2.0' in shown
            assert f'{name}_total{{model="digits",outcome="answered"}} 3.0' in shown


def test_best_model_is_one_that_is_shown(
    keyed_client: ApiClient, keyed_store: Store, tiny_document: JsonObject
) -> None:
    """Without a dataset, too: the better one on a private dataset is its owner's."""
    keyed_client.sign_in(*ANN_AND_BOB, owner="ann")
    add_sevens(keyed_store)
    public = published(keyed_store, tiny_document, owner="ann")
    assert keyed_client.patch("/datasets/sevens", json={"private": True}).is_success
    spec = parse_spec(on_sevens(tiny_document), keyed_store.known_datasets())
    record = keyed_store.experiments.create(spec, owner="ann", private=True)
    better = finish(keyed_store, record, val_accuracy=1.0)

    assert keyed_client.get("/models/best").json()["experiment_id"] == better.id
    keyed_client.sign_in(*ANN_AND_BOB, owner="bob")
    assert keyed_client.get("/models/best").json()["experiment_id"] == public.id
