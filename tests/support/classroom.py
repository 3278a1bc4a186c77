"""A class with an assignment, and students who submit networks without a training."""

from datetime import timedelta
from typing import Any

from models_store.assignments.record import AssignmentRecord, StoredBudget
from models_store.assignments.store import RECORD_FILE
from models_store.experiments.record import Record
from models_store.files import write_atomic
from models_store.frozen import utc_now
from models_store.store import Store
from specs.access import KeyScope
from specs.dataset import DATASETS
from specs.experiment import parse_spec
from tests.support.api import ApiClient
from tests.support.contract import JsonObject
from tests.support.published import finish, results_on

BASE: JsonObject = {
    "name": "base",
    "dataset": {"name": "mnist"},
    "model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]},
    "training": {"epochs": 2, "batch_size": 64},
}
TEACHER = (KeyScope.READ, KeyScope.RUN, KeyScope.PREDICT, KeyScope.TEACH)


def create_class(client: ApiClient, *students: str, name: str = "biology-7b") -> dict[str, str]:
    """Of a teacher, as whom the client is signed in then; the students' keys, by handle."""
    client.sign_in(*TEACHER, owner="tina")
    answer = client.post("/classes", json={"name": name, "students": students})
    assert answer.status_code == 201, answer.text
    return {each["handle"]: each["key"] for each in answer.json()["keys"]}


def assign(client: ApiClient, name: str = "biology-7b", hours: float = 1, **fields: Any) -> JsonObject:
    """As the teacher that the client is signed in as."""
    deadline = (utc_now() + timedelta(hours=hours)).isoformat()
    document = {"class": name, "title": "Fewer errors", "base": BASE, "deadline": deadline, **fields}
    answer = client.post("/assignments", json=document)
    assert answer.status_code == 201, answer.text
    found: JsonObject = answer.json()
    return found


def add_assignment(store: Store, **fields: Any) -> AssignmentRecord:
    """Without a request: of the network and the training, in the class biology-7b."""
    base = parse_spec(BASE)
    assignment = AssignmentRecord(
        class_name="biology-7b",
        title="Fewer errors",
        task="",
        dataset=base.dataset.name,
        base=base.document(),
        may_change=("/model", "/training"),
        budget=StoredBudget(runs=20, submissions=5),
        deadline=utc_now() + timedelta(hours=1),
        metric="accuracy",
        seed=1,  # so that the halves are the same each time
    )
    return store.assignments.create(assignment.model_copy(update=fields))


def use(client: ApiClient, key: str) -> None:
    client.headers["Authorization"] = f"Bearer {key}"


def trained(store: Store, owner: str, accuracy: float = 0.8, seed: int = 0, **fields: Any) -> Record:
    """An experiment of somebody's, published without a training; on fifty test samples."""
    spec = parse_spec({**BASE, **fields}, store.known_datasets())
    record = store.experiments.create(spec, owner=owner)
    return finish(store, record, results=results_on(DATASETS["digits"], accuracy, seed))


def submit(client: ApiClient, assignment_id: str, experiment_id: str) -> Any:
    return client.post(f"/assignments/{assignment_id}/submissions", json={"experiment": experiment_id})


def close(store: Store, assignment_id: str) -> AssignmentRecord:
    """As if its deadline had passed."""
    past = utc_now() - timedelta(seconds=1)
    record = store.assignments.get(assignment_id).model_copy(update={"deadline": past})
    folder = store.assignments.folder(assignment_id)
    write_atomic(folder / RECORD_FILE, record.model_dump_json().encode())
    store.experiments.holdout.hidden.seal(record.dataset, past)
    return record
