"""The examples of the OpenAPI document are real answers, recorded by this module:

RECORD_EXAMPLES=1 pytest tests/api/test_examples.py
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

import api.schemas
from models_store.experiments.claim import TrainingClaim
from models_store.jobs.workers import Worker
from models_store.store import Store
from settings import Settings
from specs.dataset import DATASETS
from specs.experiment import parse_spec
from tests.protocols.images import b64, pixels, png
from tests.support.api import ApiClient
from tests.support.contract import JsonObject
from tests.support.noise import noisy_digits
from tests.support.published import publish, results_on
from tests.support.waiting import eventually
from worker.jobs.supervisor import Supervisor

FILE = Path(api.schemas.__file__).with_name("examples.json")
SHOWN = 3


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
        return self.examples.setdefault(operation.id, shorten(response.json()))


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
    record_serving(record, second.id)
    record_protocols(record)
    record_queue(record, api_store, tiny_document)
    return record.examples


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
    for path in ("", "/history", "/history.json", "/diagnosis", "/evaluation", "/mistakes"):
        record("GET", f"/experiments/{first}{path}")
    record("GET", f"/experiments/{second}/lineage")
    record("GET", f"/compare?ids={first},{second}")
    record("GET", "/presets")


def record_serving(record: Recorder, experiment_id: str) -> None:
    record("GET", "/models/best")
    record("PUT", "/models/serving/digits", json={"experiment_id": experiment_id})
    record("GET", "/models")
    answer = record("POST", "/predict", files={"file": ("four.png", png(4), "image/png")})
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


def record_queue(record: Recorder, store: Store, document: JsonObject) -> None:
    record("GET", "/health/live")
    record("GET", "/health/ready")
    record("POST", "/experiments:validate", json=document)
    running = record("POST", "/experiments", json=document)["id"]
    waiting = store.experiments.create(parse_spec(document)).id
    assert TrainingClaim.acquire(store.training_jobs, running, worker="worker-1:7") is not None
    store.workers.beat(Worker(name="worker-1:7", hostname="worker-1", pid=7))
    record("GET", "/workers")
    record("GET", "/queue")
    record("GET", "/experiments")
    record("POST", f"/experiments/{waiting}:cancel")


def test_examples_are_recorded_answers(client: ApiClient, recorded: JsonObject) -> None:
    if os.environ.get("RECORD_EXAMPLES"):
        # A line for each operation.
        lines = (f'"{name}": {orjson.dumps(each).decode()}' for name, each in sorted(recorded.items()))
        FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    examples: JsonObject = orjson.loads(FILE.read_bytes())

    assert set(recorded) == {each.id for each in client.contract.operations() if "application/json" in each.success}
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
