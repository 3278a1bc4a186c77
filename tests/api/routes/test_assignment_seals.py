"""The seal of a test split: whom it stops, how long it lasts, and what two assignments on one dataset share."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

import models_store.assignments.store as module
from analysis.classroom.scores import split_in_halves
from models_store.assignments.store import RECORD_FILE
from models_store.errors import Busy, InvalidState
from models_store.files import lock_folder
from models_store.frozen import utc_now
from models_store.store import Store
from specs.access import KeyScope
from specs.experiment import parse_spec
from tests.api.test_assignment_leaks import DOCUMENT, add_flowers
from tests.support.api import ApiClient
from tests.support.classroom import BASE, TEACHER, assign, close, create_class, submit, trained, use
from tests.support.contract import JsonObject
from tests.support.newer import rewrite

ANN = "ann@biology-7b"
SPYING: JsonObject = {"name": "mnist", "split": {"test": 0.3}}


@pytest.fixture
def keyed_store(keyed_client: ApiClient) -> Store:
    return keyed_client.services.store


@pytest.fixture
def keys(keyed_client: ApiClient) -> dict[str, str]:
    return create_class(keyed_client, "Ann")


def post(client: ApiClient, hours: float = 1, base: JsonObject = BASE) -> Any:
    deadline = (utc_now() + timedelta(hours=hours)).isoformat()
    return client.post("/assignments", json={"class": "biology-7b", "title": "t", "base": base, "deadline": deadline})


def test_changes_of_a_seal_exclude_each_other(
    keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = keyed_store.assignments
    held: list[bool] = []

    def spied(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            try:
                with lock_folder(store._folder, seconds=0):
                    held.append(False)
            except Busy:
                held.append(True)
            return function(*arguments)

        return call

    monkeypatch.setattr(store, "records", spied(store.records))
    for name in ("create_record_folder", "write_atomic", "remove_directory"):
        monkeypatch.setattr(module, name, spied(getattr(module, name)))

    found = store.get(assign(keyed_client)["id"])
    store.move_deadline(found.id, utc_now() + timedelta(hours=2))
    store.delete(found.id)

    assert held == [True] * 6


def test_revealed_split_stays_revealed(keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]) -> None:
    found = assign(keyed_client)
    run = trained(keyed_store, ANN)
    close(keyed_store, found["id"])
    keyed_store.datasets.reveal_test("mnist")

    assert keyed_client.delete(f"/assignments/{found['id']}").status_code == 204

    assert not keyed_store.datasets.is_sealed("mnist")
    assert keyed_client.get(f"/experiments/{run.id}").json()["test_metrics"] != {}


def test_class_is_deleted_after_the_test_was_used(
    keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]
) -> None:
    close(keyed_store, assign(keyed_client)["id"])
    keyed_store.datasets.reveal_test("mnist")
    trained(keyed_store, ANN, dataset=SPYING)

    assert keyed_client.delete("/classes/biology-7b").status_code == 204
    assert keyed_client.get("/classes/biology-7b").status_code == 404


def test_class_is_deleted_after_its_dataset(keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]) -> None:
    add_flowers(keyed_client)
    close(keyed_store, assign(keyed_client, base=DOCUMENT)["id"])
    keyed_store.datasets.delete("flowers", keyed_store.experiments.users_of_dataset)

    assert keyed_client.delete("/classes/biology-7b").status_code == 204
    assert keyed_store.assignments.records() == []


def test_assignments_on_one_dataset_share_halves(
    keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]
) -> None:
    first, second = assign(keyed_client), assign(keyed_client, hours=2)
    run = trained(keyed_store, ANN, 0.6)
    use(keyed_client, keys["ann"])
    rows = []
    for each in (first, second):
        assert submit(keyed_client, each["id"], run.id).status_code == 201
        test = keyed_store.assignments.test_samples(each["id"])
        rows.append(split_in_halves("accuracy", *test, keyed_store.assignments.get(each["id"]).seed)[0].rows)

    assert np.array_equal(rows[0], rows[1])


def test_newer_assignment_keeps_its_seal_and_halves(
    keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]
) -> None:
    """Its deadline and its seed are not known: what needs them is refused, on that dataset, and with that class."""
    add_flowers(keyed_client)
    newer, older = assign(keyed_client, hours=2)["id"], assign(keyed_client)["id"]
    other = assign(keyed_client, base=DOCUMENT)["id"]
    run = trained(keyed_store, ANN)
    path = keyed_store.assignments.folder(newer) / RECORD_FILE
    written = rewrite(path, deadline={"of": "each"}, seed=None)
    sealed = keyed_store.experiments.holdout.hidden.get("mnist")

    later = {"deadline": (utc_now() + timedelta(hours=3)).isoformat()}
    answers = [
        post(keyed_client),
        keyed_client.delete(f"/assignments/{older}"),
        keyed_client.patch(f"/assignments/{older}", json=later),
        keyed_client.delete("/classes/biology-7b"),
        keyed_client.delete(f"/experiments/{run.id}?force=true"),
    ]

    assert [each.status_code for each in answers] == [409] * 5
    assert all(f"assignment {newer} on " in each.json()["detail"] for each in answers)
    assert [each.id for each in keyed_store.assignments.records()] == [older, other]
    assert (path.read_bytes(), keyed_store.experiments.holdout.hidden.get("mnist")) == (written, sealed)
    assert keyed_client.delete(f"/assignments/{other}").status_code == 204


def test_newer_submission_is_left_out(
    keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Others are ranked; nothing is submitted while nobody knows what is left of a budget."""
    found = assign(keyed_client)["id"]
    runs = [trained(keyed_store, ANN, accuracy) for accuracy in (0.9, 0.6, 0.7)]
    use(keyed_client, keys["ann"])
    for run in runs[:2]:
        assert submit(keyed_client, found, run.id).status_code == 201
    first, _ = keyed_store.assignments.submissions(found)
    rewrite(keyed_store.assignments.folder(found) / "submissions" / f"{first.id}.json", right=[True])

    board = keyed_client.get(f"/assignments/{found}/leaderboard")

    assert [each["handle"] for each in board.json()["items"]] == ["ann"]
    listed = keyed_client.get(f"/assignments/{found}/submissions").json()["items"]
    assert [each["experiment_id"] for each in listed] == [runs[1].id]
    assert f"a submission is left out: submission {first.id}: it was written by a newer version" in caplog.text
    refused = submit(keyed_client, found, runs[2].id)
    assert (refused.status_code, f"submission {first.id}" in refused.json()["detail"]) == (409, True)


def test_assignment_with_an_added_limit_is_shown(
    keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]
) -> None:
    """It keeps what a later release has added to its budget when its deadline moves; nothing is submitted meanwhile."""
    found = assign(keyed_client)["id"]
    path = keyed_store.assignments.folder(found) / RECORD_FILE
    stored = json.loads(path.read_bytes())
    stored["budget"]["epochs"] = 10
    path.write_text(json.dumps(stored))
    run = trained(keyed_store, ANN, 0.9)

    later = {"deadline": (utc_now() + timedelta(hours=3)).isoformat()}
    moved = keyed_client.patch(f"/assignments/{found}", json=later)

    assert moved.status_code == 200, moved.text
    assert json.loads(path.read_bytes())["budget"] == stored["budget"]
    use(keyed_client, keys["ann"])
    assert [each["id"] for each in keyed_client.get("/assignments").json()["items"]] == [found]
    rejected = submit(keyed_client, found, run.id)
    assert (rejected.status_code, "a later release has added to it" in rejected.json()["detail"]) == (409, True)


def test_final_half_waits_for_all_assignments(
    keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]
) -> None:
    first, second = assign(keyed_client), assign(keyed_client, hours=2)
    run = trained(keyed_store, ANN, 0.6)
    use(keyed_client, keys["ann"])
    submit(keyed_client, first["id"], run.id)
    close(keyed_store, first["id"])
    keyed_store.experiments.holdout.hidden.seal("mnist", keyed_store.assignments.get(second["id"]).deadline)

    path = f"/assignments/{first['id']}"
    board = keyed_client.get(f"{path}/leaderboard").json()
    assert (board["is_closed"], board["half"]) == (True, "public")
    assert keyed_client.get(f"{path}/submissions").json()["items"][0]["final_score"] is None

    close(keyed_store, second["id"])

    assert keyed_client.get(f"{path}/leaderboard").json()["half"] == "final"
    assert keyed_client.get(f"{path}/submissions").json()["items"][0]["final_score"] is not None


def test_weights_of_a_spy_prevent_the_seal(keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]) -> None:
    spied = trained(keyed_store, ANN, dataset=SPYING)
    known = keyed_store.known_datasets()
    chain = [spied.id]
    for dataset in ({"name": "digits"}, {"name": "mnist"}):
        model = {**BASE["model"], "weights_from": chain[-1]}
        spec = parse_spec({**BASE, "dataset": dataset, "model": model}, known)
        chain.append(keyed_store.experiments.create(spec, owner=ANN).id)
    trained(keyed_store, ANN)
    continued = parse_spec({**BASE, "continue_from": chain[-1]}, known)
    chain.append(keyed_store.experiments.create(continued, owner=ANN).id)

    assert keyed_store.experiments.users_of_test("mnist") == sorted(chain)
    answer = post(keyed_client)
    assert (answer.status_code, chain[-1] in answer.json()["detail"]) == (409, True)


def test_spy_made_again_prevents_the_seal(keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]) -> None:
    """Deleted, and posted once more with the same key: it has the same id."""
    spec = parse_spec({**BASE, "dataset": SPYING}, keyed_store.known_datasets())
    for _ in range(2):
        spy = keyed_store.experiments.create(spec, idempotency_key="k", body=b"spy", owner=ANN)
        assert keyed_store.experiments.users_of_test("mnist") == [spy.id]
        keyed_store.experiments.cancel(spy.id)
        keyed_store.experiments.delete(spy.id)
        assert keyed_store.experiments.users_of_test("mnist") == []
    keyed_store.experiments.create(spec, idempotency_key="k", body=b"spy", owner=ANN)

    assert post(keyed_client).status_code == 409


def test_private_spy_of_others_has_no_name(keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]) -> None:
    spec = parse_spec({**BASE, "dataset": SPYING}, keyed_store.known_datasets())
    spies = [keyed_store.experiments.create(spec, owner=each, private=True) for each in (ANN, "tom")]

    detail = post(keyed_client).json()["detail"]

    assert f"{spies[0].id} of {ANN}" in detail
    assert "a private one" in detail
    assert spies[1].id not in detail
    assert "tom" not in detail


def test_dataset_of_others_is_not_sealed(keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]) -> None:
    add_flowers(keyed_client)
    record = keyed_store.datasets.get("flowers").model_copy(update={"owner": "tom"})
    keyed_store.datasets.write(record)

    answer = post(keyed_client, base=DOCUMENT)

    assert (answer.status_code, "flowers belongs to tom" in answer.json()["detail"]) == (403, True)
    assert not keyed_store.datasets.is_sealed("flowers")
    keyed_client.sign_in(*TEACHER, KeyScope.ADMIN, owner="root")
    assert post(keyed_client, base=DOCUMENT).status_code == 201


def test_deadline_is_within_a_year(keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]) -> None:
    answer = post(keyed_client, hours=24 * 367)

    assert (answer.status_code, "more than 366 days away" in answer.json()["detail"]) == (409, True)
    assert not keyed_store.datasets.is_sealed("mnist")
    found = assign(keyed_client, hours=24 * 365)
    far = (utc_now() + timedelta(days=3000)).isoformat()
    assert keyed_client.patch(f"/assignments/{found['id']}", json={"deadline": far}).status_code == 409


def test_built_in_dataset_is_not_sealed_in_a_post(keyed_store: Store) -> None:
    store = keyed_store.datasets
    with store.keep("mnist"), store.keep("mnist"), pytest.raises(Busy), store.lock("mnist", seconds=0):
        pass
    with store.lock("mnist", seconds=0):
        assert not store.is_sealed("mnist")


def test_seal_stops_a_reveal_that_has_begun(keyed_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = keyed_store.experiments.holdout.hidden
    hidden.hide("mnist")
    change = hidden._change

    def sealed_meanwhile() -> Any:
        monkeypatch.setattr(hidden, "_change", change)
        hidden.seal("mnist", utc_now() + timedelta(hours=1))
        return change()

    monkeypatch.setattr(hidden, "_change", sealed_meanwhile)

    with pytest.raises(InvalidState, match="sealed until"):
        keyed_store.datasets.reveal_test("mnist")
    assert keyed_store.datasets.is_sealed("mnist")


def test_teacher_removes_what_prevents_a_seal(
    keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]
) -> None:
    spying = trained(keyed_store, ANN, dataset=SPYING)
    heir = trained(keyed_store, ANN, model={**BASE["model"], "weights_from": spying.id})
    grandchild = trained(keyed_store, ANN, model={**BASE["model"], "weights_from": heir.id})
    document = {"class": "biology-7b", "title": "x", "base": BASE, "deadline": str(utc_now() + timedelta(hours=1))}

    assert keyed_client.delete(f"/experiments/{heir.id}?force=true").status_code == 204
    answer = keyed_client.post("/assignments", json=document)

    assert answer.status_code == 409
    assert f"{spying.id} of {ANN}" in answer.json()["detail"]
    assert f"{grandchild.id} of {ANN}" in answer.json()["detail"]
    for each in (spying, grandchild):
        assert keyed_client.delete(f"/experiments/{each.id}?force=true").status_code == 204
    assert keyed_client.post("/assignments", json=document).status_code == 201


def test_other_teachers_delete_nothing(keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]) -> None:
    run = trained(keyed_store, ANN)
    keyed_client.sign_in(*TEACHER, owner="theo")

    assert keyed_client.delete(f"/experiments/{run.id}").status_code == 403
