"""The examples of the OpenAPI document are real answers, recorded by this module:

RECORD_EXAMPLES=1 pytest tests/api/test_examples.py
"""

import os
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

import api.schemas
from api.openapi import DRY_RUN, REPEATS, SUMMARY
from models_store.experiments.claim import TrainingClaim
from models_store.frozen import utc_now
from models_store.jobs.workers import Device, MemoryUse, Worker
from models_store.store import Store
from settings import Settings
from specs.access import KeyScope
from specs.dataset import DATASETS
from specs.experiment import parse_spec
from specs.sweep import parse_sweep
from tests.protocols.images import b64, pixels, png
from tests.support.api import ApiClient
from tests.support.classroom import BASE, close, trained, use
from tests.support.contract import JsonObject
from tests.support.noise import noisy_digits
from tests.support.published import finish, publish, results_on
from tests.support.waiting import eventually
from tests.worker.sweeps.trainings import run
from worker.jobs.supervisor import Supervisor

FILE = Path(api.schemas.__file__).with_name("examples.json")
SHOWN = 3
KINDS = (SUMMARY, REPEATS, DRY_RUN)


def shorten(value: Any) -> Any:
    """Lists have three members at most."""
    if isinstance(value, list):
        return [shorten(each) for each in value[:SHOWN]]
    return {name: shorten(each) for name, each in value.items()} if isinstance(value, dict) else value


def members(value: Any, path: str = "") -> Iterator[str]:
    """The paths of all members: `/items/*/id`."""
    if isinstance(value, list):
        for each in value:
            yield from members(each, f"{path}/*")
    elif isinstance(value, dict):
        for name, each in value.items():
            yield f"{path}/{name}"
            yield from members(each, f"{path}/{name}")


class Recorder:
    """Keeps the first JSON answer of each operation."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        self.examples: JsonObject = {}

    def __call__(self, method: str, path: str, **request: Any) -> Any:
        response = self._client.request(method, path, **request)
        assert response.is_success, response.text
        operation = self._client.contract.operation(method, response.request.url.path)
        assert operation is not None
        kind = next((kind for kind in KINDS if kind in path), "")
        return self.examples.setdefault(f"{operation.id}{kind}", shorten(response.json()))


@pytest.fixture
def recorded(client: ApiClient, api_store: Store, settings: Settings, tiny_document: JsonObject) -> JsonObject:
    """An answer of every operation that answers with JSON."""
    record = Recorder(client)
    digits = DATASETS["digits"]
    first = publish(api_store, parse_spec(tiny_document), results=results_on(digits, 0.8))
    layers = [{"type": "Flatten"}, {"type": "Dropout", "rate": 0.2}, {"type": "Dense"}]
    changed = {**tiny_document, "name": "tiny-dropout", "based_on": first.id, "model": {"layers": layers}}
    second = publish(api_store, parse_spec(changed), val_accuracy=0.95, results=results_on(digits, 0.92, seed=1))
    eventually(lambda: client.get("/v2/models/digits").json().get("versions") == [second.id])

    record_data(record, api_store, settings, first.id)
    record_results(record, first.id, second.id)
    again = publish(api_store, parse_spec(tiny_document), results=results_on(digits, 0.8), reproduces=first.id)
    record("GET", f"/experiments/{again.id}/provenance")
    record("GET", f"/experiments/{again.id}/reproduction")
    record("POST", f"/experiments/{first.id}:reproduce")
    record_improvements(record, api_store)
    group = record("POST", f"/experiments{REPEATS}", json=tiny_document)
    for each, accuracy in zip(group["items"], (0.9, 0.92, 0.91), strict=True):
        finish(api_store, api_store.experiments.get(each["experiment_id"]), accuracy)
    record("GET", f"/groups/{group['id']}")
    record_serving(record, second.id)
    record_protocols(record)
    record_sweep(record, api_store, settings, tiny_document)
    record_queue(record, api_store, tiny_document)
    record("PATCH", "/datasets/noise", json={"hide_test": True})
    record("POST", "/datasets/noise:reveal")
    record_webhooks(record, api_store)
    return {**record.examples, **record_keys(settings)}


def record_data(record: Recorder, store: Store, settings: Settings, experiment_id: str) -> None:
    archive = noisy_digits(("7", "2", "5"), train=8, test=4)
    record("POST", "/datasets", data={"name": "noise"}, files={"archive": ("noise.zip", archive)})
    Supervisor(store, settings, "test:1", lambda: False).convert("noise")
    record("GET", "/datasets/noise")
    record("GET", "/datasets")
    record("GET", "/datasets/noise/samples")
    record("POST", f"/experiments/{experiment_id}/evaluations", json={"dataset": "noise"})
    Supervisor(store, settings, "test:1", lambda: False).evaluate(experiment_id, "noise")
    for path in ("evaluations", "evaluations/noise", "evaluations/noise/mistakes"):
        record("GET", f"/experiments/{experiment_id}/{path}")


def record_results(record: Recorder, first: str, second: str) -> None:
    for path in ("", "/files", "/history", "/history.json", "/diagnosis", "/evaluation", "/mistakes"):
        record("GET", f"/experiments/{first}{path}")
    record("POST", f"/experiments/{first}/samples/test/41/label", json={"label": "7"})
    record("GET", f"/experiments/{second}/lineage")
    record("GET", f"/compare?ids={first},{second}")
    record("GET", "/presets")
    record("POST", "/experiments:prune?keep_newest=1&dry_run=true")


def record_improvements(record: Recorder, store: Store) -> None:
    eventually(lambda: "digits-corrections" in store.known_datasets())
    queued = record("POST", "/datasets/digits:improve", json={"promote": "on_approval"})["id"]
    finish(store, store.experiments.get(queued), results=results_on(DATASETS["digits"], 0.96, seed=2))
    eventually(partial(_waits_for_approval, store, queued))
    record("POST", f"/experiments/{queued}:decline")
    record("POST", f"/experiments/{queued}:promote")


def _waits_for_approval(store: Store, experiment_id: str) -> bool:
    improvement = store.experiments.get(experiment_id).improvement
    return improvement is not None and improvement.state == "waiting"


def record_serving(record: Recorder, experiment_id: str) -> None:
    record("GET", "/models/best")
    record("PUT", "/models/serving/digits", json={"experiment_id": experiment_id})
    record("GET", "/models")
    record("GET", "/models/promotions")
    answer = record("POST", "/predict", files={"file": ("four.png", png(4), "image/png")})
    record("POST", "/predict?prep=none", files=[("file", ("four.png", png(4), "image/png"))] * 60)
    record("GET", "/models/traffic")
    record("POST", f"/experiments/{experiment_id}/explanations?prep=none", content=png(4))
    record("POST", f"/predictions/{answer['predictions'][0]['id']}/label", json={"label": "9"})


def record_protocols(record: Recorder) -> None:
    for path in ("/", "/v1/models", "/v1/models/digits", "/v1/models/digits/metadata"):
        record("GET", path)
    record("POST", "/v1/models/digits:predict", json={"instances": [b64(4)]})
    record("POST", "/v1/models/digits:classify", json={"examples": [{"image": b64(4)}]})
    for path in (
        "",
        "/health/live",
        "/health/ready",
        "/models/digits",
        "/models/digits/ready",
        "/models/digits/config",
    ):
        record("GET", f"/v2{path}")
    record("POST", "/v2/repository/index")
    tensor = {"name": "image", "shape": [1, 64], "datatype": "UINT8", "data": pixels(4).reshape(-1).tolist()}
    record("POST", "/v2/models/digits/infer", json={"id": "42", "inputs": [tensor]})


def record_sweep(record: Recorder, store: Store, settings: Settings, document: JsonObject) -> None:
    sizes = {"$search": {"choice": [16, 32, 100_000]}}
    experiment = {**document, "training": {**document["training"], "batch_size": sizes}}
    sweep = {"name": "batch sizes", "repeats": {"seeds": 2, "of_best": 1}, "experiment": experiment}
    record("POST", f"/sweeps{DRY_RUN}", json=sweep)
    worker = Supervisor(store, settings, "test:1", lambda: False)
    first = record("POST", "/sweeps", json=sweep)["id"]
    worker.advance_sweep(first)
    record("PATCH", f"/sweeps/{first}", json={"parallel": 1})
    run(store, worker, store.sweeps.read(first))
    record("GET", f"/sweeps/{first}")
    record("GET", "/sweeps")
    second = store.sweeps.create(parse_sweep(sweep))
    worker.advance_sweep(second.id)
    record("POST", f"/sweeps/{second.id}:cancel")
    third = store.sweeps.create(parse_sweep(sweep))
    worker.advance_sweep(third.id)
    store.experiments.cancel(store.sweeps.read(third.id).open_trials[0].experiment_id or "")
    worker.advance_sweep(third.id)
    record("POST", f"/sweeps/{third.id}/trials/0:resume")


def record_queue(record: Recorder, store: Store, document: JsonObject) -> None:
    record("GET", "/health/live")
    record("GET", "/health/ready")
    record("POST", "/experiments:validate", json=document)
    running = record("POST", "/experiments", json=document)["id"]
    waiting = store.experiments.create(parse_spec(document)).id
    assert TrainingClaim.acquire(store.training_jobs, running, worker="worker-1:7") is not None
    memory = MemoryUse(used_bytes=2_600_000_000, total_bytes=8_200_000_000)
    device = Device(kind="cpu", name="AMD EPYC 7B13")
    described: JsonObject = {
        "device": device,
        "devices": 1,
        "cores": 2,
        "memory": memory,
        "trainer_bytes": 900_000_000,
    }
    store.workers.beat(Worker(name="worker-1:7", hostname="worker-1", pid=7, **described))
    record("GET", "/workers")
    record("POST", "/workers:drain?name=worker-1:7")
    record("POST", "/workers:resume?name=worker-1")
    record("GET", "/queue")
    record("POST", "/queue:reorder", json={"ids": [waiting]})
    record("POST", "/queue:pause")
    record("POST", "/queue:resume")
    record("GET", "/disk")
    record("GET", "/experiments")
    record("GET", f"/experiments{SUMMARY}")
    record("PATCH", f"/experiments/{running}", json={"name": "wider", "star": True})
    record("POST", f"/experiments/{running}:stop")
    record("POST", f"/experiments/{waiting}:cancel")
    record("POST", f"/experiments/{waiting}:retry")


def record_webhooks(record: Recorder, store: Store) -> None:
    hook = record("POST", "/webhooks", json={"url": "https://hooks.invalid/trainyard"})["id"]
    sent = record("POST", f"/webhooks/{hook}:test")["id"]
    eventually(lambda: store.webhooks.outbox.pending(hook)[0].attempts)
    record("GET", "/webhooks")
    assert record("GET", f"/webhooks/{hook}/deliveries")["items"][0]["id"] == sent


def record_keys(settings: Settings) -> JsonObject:
    with ApiClient(settings.model_copy(update={"auth": "keys"})) as client:
        client.sign_in(KeyScope.ADMIN, name="first key")
        record = Recorder(client)
        key = record("POST", "/keys", json={"name": "laptop", "scopes": ["read", "run"], "expires_in_days": 90})
        record("GET", "/keys")
        record("GET", "/keys/me")
        record("DELETE", f"/keys/{key['id']}")
        record("PUT", "/owners/ann", json={"running": 2, "training_minutes": 600})
        record("GET", "/owners/ann")
        record("GET", "/owners/me")
        record("PATCH", "/owners/me", json={"private": False})
        record("GET", "/owners")
        record("GET", "/login")
        record_classroom(record, client)
    # No text that scanners for published keys would find.
    shown = {name: _without_keys(each) for name, each in record.examples.items()}
    created = {**key, "key": _shown_key(key["id"])}
    return {**shown, "create_key": created, "create_key_by_sign_in": created}


def record_classroom(record: Recorder, client: ApiClient) -> None:
    store = client.services.store
    owner = "ann@biology-7b"
    made = record("POST", "/classes", json={"name": "biology-7b", "students": ["Ann", "Bob"]})
    record("GET", "/classes")
    record("GET", "/classes/biology-7b")
    record("POST", "/classes/biology-7b/students", json={"students": ["Cem"]})
    record("POST", "/classes/biology-7b/students/cem/key")
    record("DELETE", "/classes/biology-7b/students/cem")
    deadline = (utc_now() + timedelta(hours=1)).isoformat()
    document = {"class": "biology-7b", "title": "Fewer errors", "base": BASE, "deadline": deadline}
    found = record("POST", "/assignments", json={**document, "budget": {"runs": 20}})["id"]
    record("PATCH", f"/assignments/{found}", json={"deadline": deadline})
    runs = [trained(store, owner, accuracy) for accuracy in (0.7, 0.9)]
    other = trained(store, "bob@biology-7b")
    record("POST", f"/experiments/{runs[0].id}/comments", json={"text": "What does the gap between the curves say?"})
    record("GET", f"/experiments/{runs[0].id}/comments")
    record("GET", "/classes/biology-7b/progress")
    for each, key in ((runs[0], made["keys"][0]), (runs[1], made["keys"][0]), (other, made["keys"][1])):
        use(client, key["key"])
        record("POST", f"/assignments/{found}/submissions", json={"experiment": each.id})
    record("GET", "/assignments")
    record("GET", f"/assignments/{found}")
    close(store, found)
    record("GET", f"/assignments/{found}/submissions")
    record("GET", f"/assignments/{found}/leaderboard")


def _without_keys(answer: Any) -> Any:
    if isinstance(answer, list):
        return [_without_keys(each) for each in answer]
    if not isinstance(answer, dict):
        return answer
    shown = {name: _without_keys(each) for name, each in answer.items()}
    return {**shown, "key": _shown_key(answer["key_id"])} if "key_id" in answer else shown


def _shown_key(key_id: str) -> str:
    return f"ty_{key_id}_..."


def test_examples_are_recorded_answers(client: ApiClient, recorded: JsonObject) -> None:
    if os.environ.get("RECORD_EXAMPLES"):
        # A line for each operation.
        lines = (f'"{name}": {orjson.dumps(each).decode()}' for name, each in sorted(recorded.items()))
        FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    examples: JsonObject = orjson.loads(FILE.read_bytes())

    assert {name.partition("?")[0] for name in recorded} == {
        each.id for each in client.contract.operations() if "application/json" in each.success
    }
    assert {name: sorted(set(members(each))) for name, each in examples.items()} == {
        name: sorted(set(members(each))) for name, each in recorded.items()
    }, "answers have changed: record the examples again, with RECORD_EXAMPLES=1"


def test_examples_match_their_schemas(client: ApiClient) -> None:
    contract = client.contract
    described = [
        (operation.name, each)
        for operation in contract.operations()
        for content in (operation.request_content, operation.success)
        for each in content.values()
    ]
    count = 0
    for name, each in described:
        named = {key: example["value"] for key, example in each.get("examples", {}).items()}
        examples = [*named.values(), *([each["example"]] if "example" in each else [])]
        count += len(examples)
        assert [wrong for example in examples for wrong in contract.errors(each["schema"], example)] == [], name
    assert count >= 60


def test_json_answers_have_examples(client: ApiClient) -> None:
    for operation in client.contract.operations():
        for content in (operation.request_content, operation.success):
            if (described := content.get("application/json")) is not None:
                assert "example" in described or "examples" in described, operation.name
