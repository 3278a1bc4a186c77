"""`/assignments`: what is sealed, how submissions are judged and counted, and what the leaderboard shows."""

from datetime import timedelta
from typing import Any

import pytest

from analysis.classroom.progress import read_progress
from analysis.classroom.rules import spent_by
from models_store.assignments import store as assignment_store
from models_store.errors import InvalidState
from models_store.experiments.claim import TrainingClaim
from models_store.frozen import utc_now
from models_store.owners import ledger
from models_store.store import Store
from specs.access import KeyScope
from specs.experiment import parse_spec
from tests.support.api import ApiClient
from tests.support.classroom import BASE, assign, close, create_class, submit, trained, use
from tests.support.contract import JsonObject

ANN, BOB = "ann@biology-7b", "bob@biology-7b"


@pytest.fixture
def keyed_store(keyed_client: ApiClient) -> Store:
    return keyed_client.services.store


@pytest.fixture
def keys(keyed_client: ApiClient) -> dict[str, str]:
    return create_class(keyed_client, "Ann", "Bob", "Cem")


def details(answer: Any) -> list[str]:
    return [each["detail"] for each in answer.json()["errors"]]


def test_assignment_seals_the_test_split(keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]) -> None:
    run = trained(keyed_store, ANN)
    assert keyed_client.get(f"/experiments/{run.id}").json()["test_metrics"] != {}

    found = assign(keyed_client)

    assert (found["class"], found["dataset"], found["is_closed"]) == ("biology-7b", "mnist", False)
    assert found["base"]["training"]["epochs"] == 2
    keyed_client.sign_in(KeyScope.ADMIN, owner="root")
    assert keyed_client.get(f"/experiments/{run.id}").json()["test_metrics"] == {}
    assert keyed_client.get(f"/experiments/{run.id}/evaluation").status_code == 409
    assert "sealed until" in keyed_client.post("/datasets/mnist:reveal").json()["detail"]
    assert "seed" not in found


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"class": "chemistry"}, "/class"),
        ({"base": {**BASE, "dataset": {"name": "digits"}}}, "/base/dataset/split/test"),
        ({"base": {**BASE, "dataset": {"name": "mnist", "split": {"test": 0.1}}}}, "/base/dataset/split/test"),
        ({"base": {**BASE, "training": {"epochs": 0}}}, "/base/training/epochs"),
        ({"may_change": ["/dataset/classes"]}, "/may_change/0"),
        ({"may_change": ["/model", "/models"]}, "/may_change/1"),
        ({"deadline": "tomorrow"}, "/deadline"),
        ({"deadline": "2027-03-01T18:00:00"}, "/deadline"),
        ({"deadline": 12}, "/deadline"),
        ({"metric": "loss"}, "/metric"),
        ({"budget": {"submissions": 0}}, "/budget/submissions"),
        ({"title": ""}, "/title"),
    ],
)
def test_invalid_assignment_is_rejected(
    keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str], fields: JsonObject, pointer: str
) -> None:
    deadline = (utc_now() + timedelta(hours=1)).isoformat()
    document = {"class": "biology-7b", "title": "t", "base": BASE, "deadline": deadline}

    answer = keyed_client.post("/assignments", json={**document, **fields})

    assert answer.status_code == 422, answer.text
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
    assert not keyed_store.datasets.is_sealed("mnist")


def test_deadline_in_the_past_is_rejected(keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]) -> None:
    past = {"class": "biology-7b", "title": "t", "base": BASE, "deadline": "2020-03-01T18:00:00Z"}

    answer = keyed_client.post("/assignments", json=past)

    assert (answer.status_code, "has passed: it is" in answer.json()["detail"]) == (409, True)
    assert not keyed_store.datasets.is_sealed("mnist")


def test_student_makes_no_assignment(keyed_client: ApiClient, keys: dict[str, str]) -> None:
    keyed_client.sign_in(KeyScope.READ, KeyScope.TEACH, owner=ANN)
    deadline = (utc_now() + timedelta(hours=1)).isoformat()

    answer = keyed_client.post(
        "/assignments", json={"class": "biology-7b", "title": "t", "base": BASE, "deadline": deadline}
    )

    assert answer.status_code == 403


def test_assignments_of_others_are_unknown(keyed_client: ApiClient, keys: dict[str, str]) -> None:
    found = assign(keyed_client)
    create_class(keyed_client, "Dora", name="chemistry")
    keyed_client.sign_in(KeyScope.READ, KeyScope.RUN, KeyScope.TEACH, owner="dora@chemistry")

    assert keyed_client.get("/assignments").json()["items"] == []
    for method, path in (
        ("GET", ""),
        ("GET", "/leaderboard"),
        ("GET", "/leaderboard.csv"),
        ("GET", "/submissions"),
        ("DELETE", ""),
    ):
        assert keyed_client.request(method, f"/assignments/{found['id']}{path}").status_code == 404
    assert submit(keyed_client, found["id"], "01K6W3E8Z4T5V6X7Y8Z9A0B1C2").status_code == 404


def test_submission_is_counted(keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]) -> None:
    found = assign(keyed_client, budget={"submissions": 2})
    runs = [trained(keyed_store, ANN, seed=seed) for seed in range(3)]
    use(keyed_client, keys["ann"])

    answers = [submit(keyed_client, found["id"], each.id) for each in runs]

    assert [each.status_code for each in answers] == [201, 201, 409]
    assert [each.json()["submissions_left"] for each in answers[:2]] == [1, 0]
    assert "all 2 submissions are used" in answers[2].json()["detail"]
    view = keyed_client.get(f"/assignments/{found['id']}").json()
    assert (
        view["spent"]["runs"],
        len(keyed_client.get(f"/assignments/{found['id']}/submissions").json()["items"]),
    ) == (
        3,
        2,
    )


def test_broken_rules_have_a_sentence_each(keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]) -> None:
    found = assign(keyed_client, may_change=["/model"], budget={"runs": 1, "parameters": 100})
    queued = keyed_store.experiments.create(keyed_store.spec_of(trained(keyed_store, ANN)), owner=ANN)
    run = trained(keyed_store, BOB, training={"epochs": 9, "batch_size": 64})
    use(keyed_client, keys["ann"])

    answer = submit(keyed_client, found["id"], run.id)
    assert (answer.status_code, details(answer)) == (
        422,
        [
            f"it belongs to {BOB}; submit one of your own",
            "/training/epochs differs from the base, which has 2, it has 9; only /model may differ",
            "its network has 7,850 parameters; at most 100 are allowed",
            "up to it you have started 2 experiments on mnist; 1 are allowed",
        ],
    )
    assert "it is queued; only experiments that have succeeded are submitted" in details(
        submit(keyed_client, found["id"], queued.id)
    )
    # What is rejected does not count.
    assert keyed_client.get(f"/assignments/{found['id']}/submissions").json()["items"] == []


def test_earlier_and_other_experiments_are_rejected(
    keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]
) -> None:
    early = trained(keyed_store, ANN)
    other = trained(keyed_store, ANN, dataset={"name": "digits"})
    found = assign(keyed_client)
    use(keyed_client, keys["ann"])

    assert "it was posted before the assignment began" in details(submit(keyed_client, found["id"], early.id))[0]
    assert "it is on digits; this assignment is on mnist" in details(submit(keyed_client, found["id"], other.id))[0]
    assert submit(keyed_client, found["id"], "01K6W3E8Z4T5V6X7Y8Z9A0B1C2").status_code == 404


def test_later_runs_spoil_no_earlier_one(keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]) -> None:
    found = assign(keyed_client, budget={"runs": 1})
    good, late = trained(keyed_store, ANN), trained(keyed_store, ANN)
    use(keyed_client, keys["ann"])

    assert submit(keyed_client, found["id"], good.id).status_code == 201
    assert details(submit(keyed_client, found["id"], late.id)) == [
        "up to it you have started 2 experiments on mnist; 1 are allowed"
    ]
    assert keyed_client.get(f"/assignments/{found['id']}").json()["spent"]["runs"] == 2


def test_waiting_spends_no_minutes(
    keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = keyed_store.assignments.get(assign(keyed_client, budget={"minutes": 60})["id"])
    record = keyed_store.experiments.create(parse_spec(BASE, keyed_store.known_datasets()), owner=ANN)
    begin = record.created_at + timedelta(minutes=5)
    for hours in (0, 10):
        monkeypatch.setattr(ledger, "utc_now", lambda at=begin + timedelta(hours=hours): at)
        claim = TrainingClaim.acquire(keyed_store.training_jobs, record.id, worker="test:1")
        assert claim is not None
        monkeypatch.setattr(ledger, "utc_now", lambda at=begin + timedelta(hours=hours, minutes=20): at)
        claim.give_back()

    rows, now = keyed_store.summaries.snapshot().rows, begin + timedelta(hours=20)
    spent = spent_by(ANN, found, rows, keyed_store.quotas.owners.ledger, now)
    progress = read_progress(keyed_store.classes.get("biology-7b"), rows, keyed_store, now)

    assert (spent.runs, spent.minutes) == (1, 40)
    assert [each.minutes for each in progress] == [40, 0, 0]


def test_experiment_is_submitted_once(keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]) -> None:
    found = assign(keyed_client)
    run = trained(keyed_store, ANN)
    use(keyed_client, keys["ann"])

    assert submit(keyed_client, found["id"], run.id).status_code == 201
    assert "was submitted already" in submit(keyed_client, found["id"], run.id).json()["detail"]


def test_only_students_submit(keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]) -> None:
    found = assign(keyed_client)

    answer = submit(keyed_client, found["id"], trained(keyed_store, "tina").id)

    assert (answer.status_code, "only students of class biology-7b" in answer.json()["detail"]) == (403, True)


def test_budgeted_run_is_not_deleted(keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]) -> None:
    before = trained(keyed_store, ANN)
    found = assign(keyed_client)
    run = trained(keyed_store, ANN)
    use(keyed_client, keys["ann"])

    answer = keyed_client.delete(f"/experiments/{run.id}?force=true")

    assert (answer.status_code, f"counts in the budget of assignment {found['id']}" in answer.json()["detail"]) == (
        409,
        True,
    )
    assert keyed_client.delete(f"/experiments/{before.id}?force=true").status_code == 204
    close(keyed_store, found["id"])
    assert keyed_client.delete(f"/experiments/{run.id}?force=true").status_code == 204


def test_leaderboard_ranks_with_intervals_and_ties(
    keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]
) -> None:
    found = assign(keyed_client)
    for owner, accuracy in ((ANN, 0.9), (BOB, 0.86), ("cem@biology-7b", 0.2)):
        use(keyed_client, keys[owner.partition("@")[0]])
        assert submit(keyed_client, found["id"], trained(keyed_store, owner, accuracy).id).status_code == 201

    board = keyed_client.get(f"/assignments/{found['id']}/leaderboard").json()

    assert (board["half"], board["samples"], board["is_closed"]) == ("public", 25, False)
    rows = board["items"]
    assert [(each["rank"], each["is_tied"]) for each in rows] == [(1, True), (1, True), (3, False)]
    assert {each["handle"] for each in rows[:2]} == {"ann", "bob"}
    assert all(each["low"] <= each["score"] <= each["high"] for each in rows)
    assert rows[2]["compared"]["p_value"] < 0.05 < rows[1]["compared"]["p_value"]
    assert "no difference is shown" in board["sentence"]
    assert [each["experiment_id"] for each in rows] == [None, None, None]
    lines = keyed_client.get(f"/assignments/{found['id']}/leaderboard.csv").text.splitlines()
    assert len(lines) == 4


def test_deadline_reveals_the_final_half(keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]) -> None:
    found = assign(keyed_client)
    first = trained(keyed_store, ANN, 0.6)
    second = trained(keyed_store, ANN, 0.8, based_on=first.id, training={"epochs": 3, "batch_size": 64})
    use(keyed_client, keys["ann"])
    for each in (first, second):
        submit(keyed_client, found["id"], each.id)
    path = f"/assignments/{found['id']}"
    [open_row] = keyed_client.get(f"{path}/leaderboard").json()["items"]
    open_items = keyed_client.get(f"{path}/submissions").json()["items"]

    close(keyed_store, found["id"])

    board = keyed_client.get(f"{path}/leaderboard").json()
    items = keyed_client.get(f"{path}/submissions").json()["items"]
    [row] = board["items"]
    assert (board["half"], board["samples"], row["experiment_id"]) == ("final", 25, second.id)
    assert [(each["id"], each["owner"]) for each in row["lineage"]] == [(first.id, ANN), (second.id, ANN)]
    assert "epochs" in row["lineage"][1]["changed"]
    # Both halves together are the test split, of which eighty per cent were right.
    assert (open_row["score"] + row["score"]) / 2 == pytest.approx(0.8)
    assert [each["final_score"] for each in open_items] == [None, None]
    assert [each["counts"] for each in items] == [False, True]
    assert items[1]["final_score"] == row["score"]
    assert "was closed at" in submit(keyed_client, found["id"], first.id).json()["detail"]


def test_private_submission_has_no_lineage_for_others(
    keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]
) -> None:
    found = assign(keyed_client)
    run = trained(keyed_store, ANN)
    use(keyed_client, keys["ann"])
    assert submit(keyed_client, found["id"], run.id).status_code == 201
    assert keyed_client.patch(f"/experiments/{run.id}", json={"private": True}).status_code == 200
    close(keyed_store, found["id"])

    rows = {}
    for name in ("ann", "bob"):
        use(keyed_client, keys[name])
        [rows[name]] = keyed_client.get(f"/assignments/{found['id']}/leaderboard").json()["items"]

    assert (rows["ann"]["experiment_id"], len(rows["ann"]["lineage"])) == (run.id, 1)
    assert (rows["bob"]["experiment_id"], rows["bob"]["lineage"]) == (None, None)
    assert rows["bob"]["score"] == rows["ann"]["score"]


def test_lineage_has_whose_weights_were_taken(
    keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]
) -> None:
    found = assign(keyed_client)
    bobs = trained(keyed_store, BOB)
    between = trained(keyed_store, BOB, continue_from=bobs.id)
    before = trained(keyed_store, ANN)
    model = {**BASE["model"], "weights_from": between.id}
    run = trained(keyed_store, ANN, 0.9, based_on=before.id, model=model)
    use(keyed_client, keys["ann"])
    assert submit(keyed_client, found["id"], run.id).status_code == 201
    close(keyed_store, found["id"])

    [row] = keyed_client.get(f"/assignments/{found['id']}/leaderboard").json()["items"]

    assert [(each["id"], each["owner"]) for each in row["lineage"]] == [
        (bobs.id, BOB),
        (between.id, BOB),
        (before.id, ANN),
        (run.id, ANN),
    ]
    assert [each["changed"] is None for each in row["lineage"]] == [True, True, True, False]


def test_submissions_are_shown_to_their_student(
    keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]
) -> None:
    found = assign(keyed_client)
    teacher = keyed_client.headers["Authorization"]
    for owner in (ANN, BOB):
        use(keyed_client, keys[owner.partition("@")[0]])
        submit(keyed_client, found["id"], trained(keyed_store, owner).id)
    path = f"/assignments/{found['id']}/submissions"

    assert [each["handle"] for each in keyed_client.get(path).json()["items"]] == ["bob"]
    keyed_client.headers["Authorization"] = teacher
    assert [each["handle"] for each in keyed_client.get(path).json()["items"]] == ["ann", "bob"]


def test_removed_student_is_not_on_the_leaderboard(
    keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]
) -> None:
    found = assign(keyed_client)
    teacher = keyed_client.headers["Authorization"]
    use(keyed_client, keys["ann"])
    submit(keyed_client, found["id"], trained(keyed_store, ANN).id)
    keyed_client.headers["Authorization"] = teacher

    keyed_client.delete("/classes/biology-7b/students/ann")

    board = keyed_client.get(f"/assignments/{found['id']}/leaderboard").json()
    assert (board["items"], board["missing"]) == ([], ["bob", "cem"])


def test_deadline_moves_until_it_has_passed(keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]) -> None:
    found = assign(keyed_client)
    path, later = f"/assignments/{found['id']}", (utc_now() + timedelta(hours=3)).isoformat()

    moved = keyed_client.patch(path, json={"deadline": later})

    assert (moved.status_code, moved.json()["deadline"] > found["deadline"]) == (200, True)
    assert keyed_store.experiments.holdout.hidden.get("mnist").sealed_until == (
        keyed_store.assignments.get(found["id"]).deadline
    )
    assert keyed_client.patch(path, json={"deadline": "2020-01-01T00:00:00Z"}).status_code == 409
    close(keyed_store, found["id"])
    assert "was closed at" in keyed_client.patch(path, json={"deadline": later}).json()["detail"]


def test_last_assignment_ends_the_seal(keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]) -> None:
    first, second = assign(keyed_client), assign(keyed_client, hours=2)

    assert keyed_client.delete(f"/assignments/{second['id']}").status_code == 204
    with pytest.raises(InvalidState, match="sealed until"):
        keyed_store.datasets.reveal_test("mnist")
    assert keyed_client.delete(f"/assignments/{first['id']}").status_code == 204

    # Hidden still: somebody has to decide to reveal it.
    assert keyed_store.datasets.is_sealed("mnist")
    keyed_store.datasets.reveal_test("mnist")
    assert not keyed_store.datasets.is_sealed("mnist")


def test_balanced_accuracy_ranks_too(keyed_client: ApiClient, keyed_store: Store, keys: dict[str, str]) -> None:
    found = assign(keyed_client, metric="balanced_accuracy")
    for owner, accuracy in ((ANN, 1.0), (BOB, 0.3)):
        use(keyed_client, keys[owner.partition("@")[0]])
        submit(keyed_client, found["id"], trained(keyed_store, owner, accuracy).id)

    rows = keyed_client.get(f"/assignments/{found['id']}/leaderboard").json()["items"]

    assert [(each["rank"], each["handle"]) for each in rows] == [(1, "ann"), (2, "bob")]
    assert rows[1]["compared"]["p_value"] is None
    assert rows[1]["compared"]["high"] < 0


def test_class_has_few_enough_assignments(
    keyed_client: ApiClient, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert assignment_store.MAX_ASSIGNMENTS == 100
    monkeypatch.setattr(assignment_store, "MAX_ASSIGNMENTS", 2)
    first, _ = assign(keyed_client), assign(keyed_client)
    document = {"class": "biology-7b", "title": "One more", "base": BASE, "deadline": first["deadline"]}

    answer = keyed_client.post("/assignments", json=document)

    assert answer.status_code == 409
    assert "class biology-7b has 2 assignments, and no more are allowed" in answer.json()["detail"]
    assert keyed_client.delete(f"/assignments/{first['id']}").status_code == 204
    assert keyed_client.post("/assignments", json=document).status_code == 201
