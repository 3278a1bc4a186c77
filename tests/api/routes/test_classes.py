"""`/classes`: students, their keys, who sees what, progress; comments on experiments."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from models_store.access.key import Key
from models_store.assignments.record import AssignmentRecord
from models_store.classes import store
from models_store.errors import Busy, Damaged
from models_store.experiments.comments import MAX_COMMENTS
from models_store.files import create_record_folder, lock_folder
from models_store.frozen import utc_now
from models_store.jobs.failure import Failure
from models_store.store import Store
from settings import Settings
from specs.access import KeyScope, KeySpec
from specs.experiment import parse_spec
from specs.quota import QuotaSpec
from tests.support.api import ApiClient
from tests.support.classroom import BASE, TEACHER, assign, close, create_class, submit, trained, use


@pytest.fixture
def keyed_store(keyed_client: ApiClient) -> Store:
    return keyed_client.services.store


def is_rejected(store: Store, key: str) -> bool:
    """At once by the process that has revoked it."""
    return store.keys.verify(key) is None


def test_class_gives_each_student_a_key(keyed_client: ApiClient) -> None:
    keys = create_class(keyed_client, "Ann Müller", "Bob", "Ann Mueller")

    assert list(keys) == ["ann-muller", "bob", "ann-mueller"]
    for handle, key in keys.items():
        use(keyed_client, key)
        me = keyed_client.get("/keys/me").json()
        assert (me["owner"], me["scopes"]) == (f"{handle}@biology-7b", ["read", "run", "predict"])
        assert keyed_client.get("/classes").json()["items"][0]["you"] == handle


def test_key_of_a_student_is_never_shown_again(keyed_client: ApiClient) -> None:
    key = create_class(keyed_client, "Ann")["ann"]

    for path in ("/classes", "/classes/biology-7b", "/keys"):
        assert key not in keyed_client.get(path).text


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"name": "Biology 7b", "students": ["Ann"]}, "/name"),
        ({"name": "../keys", "students": ["Ann"]}, "/name"),
        ({"name": "b", "students": []}, "/students"),
        ({"name": "b", "students": ["Ann", "Ann"]}, "/students/1"),
        ({"name": "b", "students": [" "]}, "/students/0"),
        ({"name": "b", "students": ["Ann\u0000"]}, "/students/0"),
        ({"name": "b", "students": [str(n) for n in range(201)]}, "/students"),
        ({"name": "b"}, "/students"),
    ],
)
def test_invalid_class_is_rejected(keyed_client: ApiClient, document: Any, pointer: str) -> None:
    answer = keyed_client.post("/classes", json=document)

    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]


def test_name_of_a_class_is_given_once(keyed_client: ApiClient) -> None:
    create_class(keyed_client, "Ann")

    answer = keyed_client.post("/classes", json={"name": "biology-7b", "students": ["Bob"]})

    assert (answer.status_code, "exists already" in answer.json()["detail"]) == (409, True)


def test_owner_of_another_key_is_no_student(keyed_client: ApiClient, keyed_store: Store) -> None:
    keyed_client.sign_in(KeyScope.READ, owner="ann@biology-7b")
    keyed_client.sign_in(*TEACHER, owner="tina")

    answer = keyed_client.post("/classes", json={"name": "biology-7b", "students": ["Ann"]})

    assert answer.status_code == 409
    assert keyed_store.classes.records() == []


def test_class_of_another_gives_no_old_owner(keyed_client: ApiClient, keyed_store: Store) -> None:
    create_class(keyed_client, "Ann")
    run = trained(keyed_store, "ann@biology-7b")
    assert keyed_client.delete("/classes/biology-7b").status_code == 204
    keyed_client.sign_in(*TEACHER, owner="tom")
    document = {"name": "biology-7b", "students": ["Ann"]}

    assert keyed_client.post("/classes", json=document).status_code == 409
    # Nor later, to a class of that name.
    assert keyed_client.post("/classes", json={**document, "students": ["Bob"]}).status_code == 201
    answer = keyed_client.post("/classes/biology-7b/students", json={"students": ["Ann"]})
    assert (answer.status_code, "of ann@biology-7b already" in answer.json()["detail"]) == (409, True)
    assert keyed_store.experiments.get(run.id).owner == "ann@biology-7b"


@pytest.mark.parametrize("thing", ["revoked key", "expired key", "experiment", "quota", "training"])
def test_owner_of_anything_is_no_student(keyed_client: ApiClient, keyed_store: Store, thing: str) -> None:
    owner = "ann@biology-7b"
    match thing:
        case "revoked key":
            keyed_store.keys.revoke(keyed_client.sign_in(KeyScope.RUN, owner=owner).id, None)
        case "expired key":
            keyed_store.keys.create(KeySpec(scopes=(KeyScope.RUN,)), owner, expires_at=utc_now())
        case "experiment":
            keyed_store.experiments.create(parse_spec(BASE, keyed_store.known_datasets()), owner=owner)
        case "quota":
            keyed_store.quotas.owners.set(owner, QuotaSpec(queued=1))
        case _:
            keyed_store.quotas.owners.ledger.add(owner, "01K6W3E8Z4T5V6X7Y8Z9A0B1C2", 1, "begun")
    keyed_client.sign_in(*TEACHER, owner="tina")

    answer = keyed_client.post("/classes", json={"name": "biology-7b", "students": ["Ann"]})

    assert (answer.status_code, "choose another name" in answer.json()["detail"]) == (409, True)
    assert keyed_store.classes.records() == []


def test_removed_student_is_added_again(keyed_client: ApiClient, keyed_store: Store) -> None:
    create_class(keyed_client, "Ann", "Bob")
    run = trained(keyed_store, "ann@biology-7b")
    assert keyed_client.delete("/classes/biology-7b/students/ann").status_code == 200

    answer = keyed_client.post("/classes/biology-7b/students", json={"students": ["Ann"]})

    assert answer.status_code == 201
    use(keyed_client, answer.json()["keys"][0]["key"])
    assert keyed_client.get("/keys/me").json()["owner"] == keyed_store.experiments.get(run.id).owner


def test_teacher_grants_no_more_than_she_has(keyed_client: ApiClient, keyed_store: Store) -> None:
    keyed_client.sign_in(KeyScope.READ, KeyScope.TEACH, owner="tina")

    answer = keyed_client.post("/classes", json={"name": "b", "students": ["Ann"]})

    assert (answer.status_code, "yours lacks run, predict" in answer.json()["detail"]) == (403, True)
    assert keyed_store.classes.records() == []


def test_classes_of_others_are_unknown(keyed_client: ApiClient) -> None:
    create_class(keyed_client, "Ann")
    keyed_client.sign_in(*TEACHER, owner="tom")

    assert keyed_client.get("/classes").json()["items"] == []
    for method, path in (
        ("GET", "/classes/biology-7b"),
        ("GET", "/classes/biology-7b/progress"),
        ("DELETE", "/classes/biology-7b"),
        ("GET", "/classes/-"),
    ):
        assert keyed_client.request(method, path).status_code in (404, 405)


def test_student_changes_nothing_in_her_class(keyed_client: ApiClient, keyed_store: Store) -> None:
    create_class(keyed_client, "Ann", "Bob")
    keyed_client.sign_in(*TEACHER, owner="ann@biology-7b")

    for method, path in (
        ("GET", "/progress"),
        ("DELETE", ""),
        ("DELETE", "/students/bob"),
        ("POST", "/students/bob/key"),
    ):
        answer = keyed_client.request(method, f"/classes/biology-7b{path}")
        assert (answer.status_code, "belongs to tina" in answer.json()["detail"]) == (403, True)
    assert len(keyed_store.classes.get("biology-7b").students) == 2


def test_students_are_added_and_removed(keyed_client: ApiClient, keyed_store: Store) -> None:
    key = create_class(keyed_client, "Ann")["ann"]
    teacher = keyed_client.headers["Authorization"]
    added = keyed_client.post("/classes/biology-7b/students", json={"students": ["Cem"]})
    assert (added.status_code, [each["handle"] for each in added.json()["keys"]]) == (201, ["cem"])
    assert keyed_client.post("/classes/biology-7b/students", json={"students": ["Cem"]}).status_code == 409

    use(keyed_client, key)
    own = keyed_client.post("/keys", json={"scopes": ["read"]}).json()["key"]
    keyed_client.headers["Authorization"] = teacher
    left = keyed_client.delete("/classes/biology-7b/students/ann")

    assert [each["handle"] for each in left.json()["students"]] == ["cem"]
    # Also the key that she had made herself.
    for each in (key, own):
        assert is_rejected(keyed_store, each)
    assert keyed_client.delete("/classes/biology-7b/students/ann").status_code == 404


def test_lost_key_is_replaced(keyed_client: ApiClient, keyed_store: Store) -> None:
    key = create_class(keyed_client, "Ann")["ann"]

    answer = keyed_client.post("/classes/biology-7b/students/ann/key")

    assert answer.status_code == 201
    assert is_rejected(keyed_store, key)
    use(keyed_client, answer.json()["key"])
    assert keyed_client.get("/keys/me").json()["owner"] == "ann@biology-7b"


def test_deleted_class_leaves_no_key(keyed_client: ApiClient, keyed_store: Store) -> None:
    keys = create_class(keyed_client, "Ann", "Bob")

    assert keyed_client.delete("/classes/biology-7b").status_code == 204

    for key in keys.values():
        assert is_rejected(keyed_store, key)
    assert keyed_client.get("/classes/biology-7b").status_code == 404
    assert create_class(keyed_client, "Ann")["ann"] not in keys.values()


def test_class_deleted_meanwhile_leaves_no_key(
    keyed_client: ApiClient, keyed_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another request deletes it when its record is written and its keys are not."""

    def deleting(folder: Path, *args: Any) -> None:
        create_record_folder(folder, *args)
        keyed_store.classes.delete(folder.name, "another")

    monkeypatch.setattr(store, "create_record_folder", deleting)
    keyed_client.sign_in(*TEACHER, owner="tina")

    answer = keyed_client.post("/classes", json={"name": "biology-7b", "students": ["Ann"]})

    assert (answer.status_code, keyed_store.classes.records()) == (404, [])
    assert "ann@biology-7b" not in [each.owner for each in keyed_store.keys.list()]


def test_class_that_gets_its_keys_is_not_deleted(
    keyed_client: ApiClient, keyed_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "lock_folder", partial(lock_folder, seconds=0.0))
    create = keyed_store.keys.create
    deletions = []

    def deleting(*args: Any) -> tuple[Key, str]:
        with pytest.raises(Busy) as refused:
            keyed_store.classes.delete("biology-7b", "another")
        deletions.append(refused.value)
        return create(*args)

    keyed_client.sign_in(*TEACHER, owner="tina")
    monkeypatch.setattr(keyed_store.keys, "create", deleting)
    answer = keyed_client.post("/classes", json={"name": "biology-7b", "students": ["Ann"]})

    assert (answer.status_code, len(deletions)) == (201, 1)


def test_class_with_a_new_assignment_is_kept(
    keyed_client: ApiClient, keyed_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is an assignment made in a class that is being deleted."""
    create_class(keyed_client, "Ann")
    monkeypatch.setattr(store, "lock_folder", partial(lock_folder, seconds=0.0))
    create, delete = keyed_store.assignments.create, keyed_store.assignments.delete

    def deleting(record: AssignmentRecord) -> AssignmentRecord:
        assert keyed_client.delete("/classes/biology-7b").status_code == 503
        return create(record)

    monkeypatch.setattr(keyed_store.assignments, "create", deleting)
    found = assign(keyed_client)
    assert keyed_client.get(f"/assignments/{found['id']}").status_code == 200
    monkeypatch.setattr(keyed_store.assignments, "create", create)
    document = {"class": "biology-7b", "title": "t", "base": BASE, "deadline": found["deadline"]}

    def assigning(assignment_id: str) -> None:
        assert keyed_client.post("/assignments", json=document).status_code == 503
        delete(assignment_id)

    monkeypatch.setattr(keyed_store.assignments, "delete", assigning)
    assert keyed_client.delete("/classes/biology-7b").status_code == 204
    assert keyed_store.assignments.records() == []


def test_damaged_class_says_what_to_do(keyed_client: ApiClient, keyed_store: Store, settings: Settings) -> None:
    create_class(keyed_client, "Ann")
    (settings.store_dir / "classes" / "biology-7b" / "class.json").write_text("{")

    with pytest.raises(Damaged, match="or remove the folder classes/biology-7b of the store"):
        keyed_store.classes.get("biology-7b")


def test_classes_need_keys(client: ApiClient) -> None:
    answer = client.post("/classes", json={"name": "b", "students": ["Ann"]})

    assert (answer.status_code, "TRAINYARD_AUTH=keys" in answer.json()["detail"]) == (409, True)


def test_progress_says_who_is_stuck(keyed_client: ApiClient, keyed_store: Store) -> None:
    create_class(keyed_client, "Ann", "Bob", "Cem")
    published = trained(keyed_store, "ann@biology-7b")
    failed = keyed_store.experiments.create(keyed_store.spec_of(published), owner="bob@biology-7b")
    with keyed_store.experiments.lock(failed.id) as record:
        keyed_store.experiments.write(record.fail(Failure(type="out_of_memory", message="too large")))

    items = {each["handle"]: each for each in keyed_client.get("/classes/biology-7b/progress").json()["items"]}

    assert {handle: each["is_stuck"] for handle, each in items.items()} == {"ann": False, "bob": True, "cem": False}
    assert items["ann"]["runs"] == {"succeeded": 1}
    assert items["ann"]["findings"][0]["rule"]
    assert items["bob"]["sentence"] == "the last run failed: too large"
    assert items["cem"]["sentence"] == "has started nothing yet"
    # To look at a class is not to look at test results.
    assert keyed_store.experiments.get(published.id).peeks == 0
    lines = keyed_client.get("/classes/biology-7b/progress.csv").text.splitlines()
    assert lines[0].startswith("handle,name,owner,minutes")
    assert [line.split(",")[0] for line in lines[1:]] == ["ann", "bob", "cem"]


def test_comment_is_shown_to_the_student(keyed_client: ApiClient, keyed_store: Store) -> None:
    key = create_class(keyed_client, "Ann")["ann"]
    run = trained(keyed_store, "ann@biology-7b")
    path = f"/experiments/{run.id}/comments"

    assert keyed_client.post(path, json={"text": "Look at the gap.\nWhy?"}).status_code == 201
    assert keyed_client.post(path, json={"text": ""}).status_code == 422
    use(keyed_client, key)

    [comment] = keyed_client.get(path).json()["items"]
    assert (comment["author"], comment["text"]) == ("tina", "Look at the gap.\nWhy?")
    assert keyed_client.post(path, json={"text": "thanks"}).status_code == 403
    assert keyed_client.get("/experiments/01K6W3E8Z4T5V6X7Y8Z9A0B1C2/comments").status_code == 404


def test_comments_are_bounded(keyed_client: ApiClient, keyed_store: Store) -> None:
    run = trained(keyed_store, "ann")
    folder = keyed_store.experiments.folder(run.id)
    line = '{"at": "2027-01-01T00:00:00Z", "author": null, "text": "x"}\n'
    (folder / "comments.jsonl").write_text(line * MAX_COMMENTS + '{"at": "torn')

    answer = keyed_client.post(f"/experiments/{run.id}/comments", json={"text": "one more"})

    assert answer.status_code == 409
    assert len(keyed_client.get(f"/experiments/{run.id}/comments").json()["items"]) == MAX_COMMENTS


def test_teacher_gets_a_report_on_each_student(keyed_client: ApiClient, keyed_store: Store) -> None:
    keys = create_class(keyed_client, "Ann <b>", "Bob")
    assignment = assign(keyed_client)
    record = trained(keyed_store, "ann-b@biology-7b", name="<script>alert(1)</script>")
    trained(keyed_store, "bob@biology-7b", name="of Bob")
    teacher = keyed_client.headers["Authorization"]
    text = {"text": "Look at the gap."}
    assert keyed_client.post(f"/experiments/{record.id}/comments", json=text).status_code == 201
    use(keyed_client, keys["ann-b"])
    assert submit(keyed_client, assignment["id"], record.id).status_code == 201
    path = "/classes/biology-7b/students/{}/report.html"
    assert keyed_client.get(path.format("ann-b")).status_code == 403
    keyed_client.headers["Authorization"] = teacher

    answer = keyed_client.get(path.format("ann-b"))

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "<h1>Ann &lt;b&gt;</h1>" in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    for shown in ("Fewer errors", "Look at the gap.", record.id, "after the deadline", "1 run,"):
        assert shown in answer.text
    assert "of Bob" not in answer.text
    [summary] = [
        each for each in keyed_client.get("/experiments?fields=summary").json()["items"] if each["id"] == record.id
    ]
    assert f"{summary['metrics']['val_accuracy']:.4f}" in answer.text
    close(keyed_store, assignment["id"])
    assert "after the deadline" not in keyed_client.get(path.format("ann-b")).text
    assert keyed_client.get(path.format("nobody")).status_code == 404


def test_teacher_has_few_enough_classes(keyed_client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others have their own."""
    assert store.MAX_CLASSES == 50
    monkeypatch.setattr(store, "MAX_CLASSES", 2)
    for number in range(2):
        create_class(keyed_client, "Ann", name=f"class-{number}")

    answer = keyed_client.post("/classes", json={"name": "class-2", "students": ["Ann"]})

    assert answer.status_code == 409
    assert "tina has 2 classes, and may have no more" in answer.json()["detail"]
    assert [each["name"] for each in keyed_client.get("/classes").json()["items"]] == ["class-0", "class-1"]
    keyed_client.sign_in(*TEACHER, owner="tom")
    assert keyed_client.post("/classes", json={"name": "class-2", "students": ["Ann"]}).status_code == 201
