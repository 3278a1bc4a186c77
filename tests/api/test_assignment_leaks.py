"""No answer to a student has anything of the test split of an assignment: no result, no image, no label, no file name.

The test split is planted, so that it is recognized in whatever form it turns up. Everything is asked that the OpenAPI
document has, with a student's key and with an admin's.
"""

from typing import Any

import httpx2
import pytest

from models_store import keys
from models_store.experiments.log import LOG_FILE
from models_store.store import Store
from specs.access import KeyScope
from specs.dataset import DATASETS
from specs.evaluation import parse_evaluation
from specs.experiment import parse_spec
from tests.support.api import ApiClient
from tests.support.classroom import assign, close, create_class, submit, use
from tests.support.contract import JsonObject, Operation
from tests.support.every_answer import PLOTS, get, targets
from tests.support.planted import FIRST, RIGHT, SAMPLES, leaks, planted_archive, planted_results
from tests.support.published import finish, publish
from tests.support.waiting import eventually
from worker.jobs.supervisor import Supervisor

STUDENT = "ann@biology-7b"
DOCUMENT: JsonObject = {
    "name": "mine",
    "dataset": {"name": "flowers"},
    "model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]},
    "training": {"epochs": 2, "batch_size": 8},
}
# Streams of everything, without an end: what is in them is asked for otherwise.
ENDLESS = {"GET /events"}


def add_flowers(client: ApiClient) -> Supervisor:
    store = client.services.store
    worker = Supervisor(store, client.services.settings, "test:1", lambda: False)
    with store.datasets.receive_archive() as archive:
        archive.write(planted_archive())
        store.datasets.add("flowers", archive)
    worker.convert("flowers")
    return worker


def train(store: Store, **fields: Any) -> str:
    spec = parse_spec({**DOCUMENT, **fields}, store.known_datasets())
    record = store.experiments.create(spec, owner=STUDENT)
    finish(store, record, results=planted_results(spec.dataset.facts))
    metrics = store.experiments.read(record.id).test_metrics
    log = store.experiments.folder(record.id) / LOG_FILE
    log.write_text(f"epoch 2 is published: test_loss {metrics['loss']}, test_accuracy {metrics['accuracy']}\n")
    return record.id


@pytest.fixture
def values(keyed_client: ApiClient, tiny_document: JsonObject) -> dict[str, list[str]]:
    """A student has submitted a network, and another one was evaluated on the whole dataset; what to ask for."""
    store = keyed_client.services.store
    worker = add_flowers(keyed_client)
    key = create_class(keyed_client, "Ann", "Bob")["ann"]
    assignment = assign(keyed_client, base=DOCUMENT)["id"]
    mine = train(store)
    improved = train(store, based_on=mine, name="improved")
    elsewhere = publish(
        store, parse_spec(tiny_document), results=planted_results(DATASETS["digits"], right=20, gray=50, first=1000)
    )
    for split in ("test", "all"):
        store.evaluations.add(
            elsewhere.id, parse_evaluation({"dataset": "flowers", "split": split}, store.known_datasets())
        )
        worker.evaluate(elsewhere.id, "flowers")
    keyed_client.post(f"/experiments/{mine}/comments", json={"text": "well done"})
    use(keyed_client, key)
    assert submit(keyed_client, assignment, mine).status_code == 201
    files = ["evaluation.json", "predictions-test.npz", "predictions-validation.npz", "manifest.json"]
    return {
        "experiment_id": [mine, improved, elsewhere.id],
        "dataset": ["flowers", "digits"],
        "name": ["flowers"],
        "model": ["flowers"],
        "split": ["training", "validation", "test"],
        "index": ["39", str(FIRST)],
        "class_name": ["biology-7b"],
        "handle": ["ann"],
        "assignment_id": [assignment],
        "ids": [f"{mine},{improved}"],
        "file": [*files, "experiment.json", "experiment.log", "history.jsonl", "model.onnx", "comments.jsonl"],
        **{each: ["none"] for each in ("sweep_id", "group_id", "prediction_id", "webhook_id", "key_id")},
        "number": ["0"],
        **PLOTS,
    }


def asked(operation: Operation, values: dict[str, list[str]]) -> list[str]:
    extra = {
        "GET /datasets/{name}/samples": ["?limit=200", "?split=test&limit=200", "?class=3&offset=10"],
        "GET /datasets/{name}/samples.png": ["?limit=100", "?split=test&limit=100"],
    }.get(operation.name, [])
    found = list(targets(operation, values))
    return [*found, *(f"{found[0]}{query}" for query in extra)]


def questions(client: ApiClient, values: dict[str, list[str]]) -> list[str]:
    """All that change nothing."""
    reading = [each for each in client.contract.operations() if each.method == "get" and each.name not in ENDLESS]
    return [target for operation in reading for target in asked(operation, values)]


def everything(client: ApiClient, values: dict[str, list[str]]) -> dict[str, set[str]]:
    """What is found in each answer, by question."""
    answers = {f"GET {target}": found_in(get(client, target)) for target in questions(client, values)}
    return answers | changes(client, values)


def changes(client: ApiClient, values: dict[str, list[str]]) -> dict[str, set[str]]:
    """Every operation that changes something, first with its examples, then with nothing; those that delete last."""
    answers = {}
    operations = sorted(client.contract.operations(), key=lambda each: each.method == "delete")
    for operation in operations:
        if operation.method == "get":
            continue
        for target in targets(operation, values):
            for number, body in enumerate(bodies(operation)):
                answer = client.request(operation.method.upper(), target, json=body)
                answers[f"{operation.name} {target} {number}"] = found_in(answer)
    return answers


def bodies(operation: Operation) -> list[Any]:
    if "application/json" not in operation.request_content:
        return [{}]
    described = operation.request_content["application/json"]
    examples = [each["value"] for each in described.get("examples", {}).values()]
    of_flowers = [{**DOCUMENT, "dataset": {"name": "flowers", "split": {"test": 0.3}}}, {"dataset": "flowers"}]
    return [*examples, *of_flowers, {"dataset": "flowers", "split": "test"}, {}]


def found_in(answer: httpx2.Response) -> set[str]:
    return leaks(answer.content) | leaks(str(answer.headers).encode())


def ready(client: ApiClient) -> None:
    eventually(lambda: client.get("/v2/models/flowers/ready").is_success)


def test_student_finds_nothing_of_the_test_split(keyed_client: ApiClient, values: dict[str, list[str]]) -> None:
    ready(keyed_client)

    answers = everything(keyed_client, values)

    assert {question: found for question, found in answers.items() if found} == {}
    mine = values["experiment_id"][0]
    assert len(answers) > 300
    for path in (
        f"/experiments/{mine}/report.html",
        f"/models/{mine}/bundle.zip",
        "/datasets/flowers/samples?limit=200",
    ):
        assert f"GET {path}" in answers


def test_admin_finds_nothing_either(keyed_client: ApiClient, values: dict[str, list[str]]) -> None:
    ready(keyed_client)
    keyed_client.sign_in(KeyScope.ADMIN, owner="root")

    answers = everything(keyed_client, values)

    assert {question: found for question, found in answers.items() if found} == {}


def test_events_tell_nothing_of_the_test_split(keyed_client: ApiClient, values: dict[str, list[str]]) -> None:
    store = keyed_client.services.store
    entries: Any = store.redis.xrange(keys.EVENTS)
    summaries = [entry["data"] for _, entry in entries if entry["kind"] == "status"]
    assert len(summaries) > 5

    shown = [store.experiments.holdout.shown_summary(each).encode() for each in summaries]

    assert [each for each in shown if leaks(each)] == []


def test_same_questions_find_a_revealed_test_split(keyed_client: ApiClient, values: dict[str, list[str]]) -> None:
    """The tests above can fail: some of their questions, by what each of them finds."""
    store, mine = keyed_client.services.store, values["experiment_id"][0]
    ready(keyed_client)
    close(store, values["assignment_id"][0])
    store.datasets.reveal_test("flowers")

    expected = {
        "/datasets/flowers/samples?split=test&limit=200": {"file name", "label"},
        f"/datasets/flowers/samples/{FIRST}.png": {"image"},
        "/datasets/flowers/samples.png?split=test&limit=100": {"image"},
        f"/experiments/{mine}": {"figure"},
        f"/experiments/{mine}/evaluation": {"figure"},
        f"/experiments/{mine}/mistakes": {"label"},
        f"/experiments/{mine}/mistakes.png": {"image"},
        f"/experiments/{mine}/samples/test/{39}.png": {"image"},
        f"/experiments/{mine}/files/predictions-test.npz": {"pixels"},
        f"/experiments/{mine}/files/evaluation.json": {"figure"},
        f"/experiments/{mine}/log": {"figure"},
        f"/experiments/{mine}/report.html": {"figure"},
        f"/models/{mine}/bundle.zip": {"figure"},
        "/experiments": {"figure"},
        "/models": {"figure"},
    }
    assert expected.keys() <= {*questions(keyed_client, values)}
    missed = {path: kinds - found_in(get(keyed_client, path)) for path, kinds in expected.items()}
    assert {path: kinds for path, kinds in missed.items() if kinds} == {}


def test_planted_accuracy_is_that_of_no_half() -> None:
    assert RIGHT / SAMPLES == 0.725
    assert 0.725 not in {right / (SAMPLES // 2) for right in range(SAMPLES // 2 + 1)}
