"""The package's requests and answers against the OpenAPI document of the API."""

import inspect
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel, TypeAdapter

from api.app import create_app
from settings import Settings
from tests.support.api import contract_of
from tests.support.contract import Contract
from tests.support.contract import Operation as DocumentedOperation
from tests.trainyard import samples
from trainyard import operations
from trainyard.answers import events
from trainyard.answers.predictions import BatchLine
from trainyard.operations.operation import Operation, read_as

JsonObject = dict[str, Any]
Definition = Callable[..., Operation[Any]]
# Of the parameters that have no default, and of those that select another route.
VALUES: dict[str, Any] = {
    "experiment_id": samples.ID,
    "sweep_id": samples.ID,
    "group_id": samples.ID,
    "repeats": 3,
    "number": 3,
    "experiment_ids": (samples.ID, samples.OTHER_ID),
    "ids": (samples.ID, samples.OTHER_ID),
    "prediction_id": samples.PREDICTION_ID,
    "dataset": "digits",
    "add": ("mnist",),
    "name": "digits",
    "spec": {},
    "patch": {},
    "private": True,
    "conditions": ("dataset=digits",),
    "index": 247,
    "image": b"an image",
    "url": "https://example.org/hook",
    "webhook_id": samples.ID,
    "scopes": ("read",),
    "key_id": "0Rk2bX9mQa",
    "label": "9",
    "class_name": "biology-7b",
    "students": ("Ann",),
    "handle": "ann",
    "text": "Why?",
    "assignment": {},
    "assignment_id": samples.ID,
    "deadline": datetime(2027, 3, 1, 18, tzinfo=UTC),
    "code": "hT5nS3xJ0cQ7aVd2kP9wLmYbRz8uGfE1",
    "verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "archive": b"PK",
    "images": (b"an image",),  # of predict; one archive for predict_batch
    "path": f"/experiments/{samples.ID}/samples/test/7.png",
}
MODULES = [each for _, each in inspect.getmembers(operations, inspect.ismodule)]
DEFINITIONS = [
    define
    for module in MODULES
    for _, define in inspect.getmembers(module, inspect.isfunction)
    if define.__module__ == module.__name__ and get_origin(define.__annotations__.get("return")) is Operation
]
LINES = TypeAdapter(BatchLine).json_schema()
EVENTS: dict[str, type[BaseModel]] = {
    "epoch": events.EpochEnd,
    "progress": events.ProgressUpdate,
    "status": events.StatusChange,
    "end": events.StreamEnd,
}


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    settings = Settings(redis_url="redis://127.0.0.1:1/0", store_dir=tmp_path_factory.mktemp("store"))
    return contract_of(create_app(settings))


def example_of(define: Definition) -> Operation[Any]:
    """The operation for some values of its parameters."""
    values: list[Any] = []
    for name, parameter in inspect.signature(define).parameters.items():
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            values += VALUES[name]
        elif parameter.kind is not inspect.Parameter.VAR_KEYWORD and parameter.default is inspect.Parameter.empty:
            values.append(VALUES[name])
    return define(*values)


def answer_of(documented: DocumentedOperation, operation: Operation[Any]) -> JsonObject:
    """Of a dry run it has a status of its own."""
    contents = documented.success
    if operation.params.get("dry_run"):
        contents = documented.responses["200"]["content"]
    found: JsonObject = contents.get("application/json", {})
    return found


def alternative(schema: JsonObject, operation: Operation[Any]) -> JsonObject:
    """Of answers that differ by the query, the one that is asked for."""
    kinds: list[JsonObject] = schema.get("anyOf", [schema])
    return kinds[kind_of(operation) != "record"]


def kind_of(operation: Operation[Any]) -> str:
    kind: str = "repeats" if "repeats" in operation.params else operation.params.get("fields", "record")
    return kind


def query_names(define: Definition) -> set[str]:
    """The names that `**filters` accepts."""
    [keywords] = [
        each.annotation
        for each in inspect.signature(define).parameters.values()
        if each.kind is inspect.Parameter.VAR_KEYWORD
    ] or [None]
    return set(get_args(keywords)[0].__annotations__) if get_args(keywords) else set()


@pytest.mark.parametrize("define", DEFINITIONS, ids=lambda define: define.__name__)
def test_request_is_documented(contract: Contract, define: Definition) -> None:
    operation = example_of(define)
    documented = contract.operation(operation.method, operation.path)
    assert documented is not None
    known = {parameter["name"] for parameter in documented.parameters if parameter["in"] == "query"}
    assert {name for name, value in operation.params.items() if value is not None} <= known
    assert query_names(define) <= known


@pytest.mark.parametrize("define", DEFINITIONS, ids=lambda define: define.__name__)
def test_answer_is_read_as_documented(contract: Contract, define: Definition) -> None:
    operation = example_of(define)
    documented = contract.operation(operation.method, operation.path)
    assert documented is not None
    if not isinstance(operation.read, read_as):
        assert "application/json" not in documented.success or define.__name__ == "history_csv"
        return
    schema = alternative(answer_of(documented, operation)["schema"], operation)
    client = operation.read.model.model_json_schema()
    assert list(differences(contract.document, schema, client, client, "")) == []


@pytest.mark.parametrize("define", DEFINITIONS, ids=lambda define: define.__name__)
def test_documented_example_survives_unchanged(contract: Contract, define: Definition) -> None:
    operation = example_of(define)
    documented = contract.operation(operation.method, operation.path)
    assert documented is not None
    described = answer_of(documented, operation)
    named = described.get("examples", {})
    kind = kind_of(operation)
    examples = [each["value"] for name, each in named.items() if name == kind or kind not in named]
    if "example" in described:
        examples.append(described["example"])
    if isinstance(operation.read, read_as):
        assert examples
        for example in examples:
            assert operation.read.model.model_validate(example).to_dict() == example


@pytest.mark.parametrize("kind", EVENTS)
def test_event_is_read_as_documented(contract: Contract, kind: str) -> None:
    documented = contract.operation("GET", f"/experiments/{samples.ID}/events")
    assert documented is not None
    kinds = documented.success["text/event-stream"]["itemSchema"]["anyOf"]
    data = {each["properties"]["event"]["const"]: each["properties"]["data"]["contentSchema"] for each in kinds}
    assert set(data) == set(EVENTS)
    client = EVENTS[kind].model_json_schema()
    del client["properties"]["kind"]
    assert list(differences(contract.document, data[kind], client, client, "")) == []


def test_lines_of_a_batch_are_read_as_documented(contract: Contract) -> None:
    documented = contract.operation("POST", "/predict:batch")
    assert documented is not None
    lines = documented.success["application/x-ndjson"]["itemSchema"]
    for server, client in zip(lines["anyOf"], LINES["anyOf"], strict=True):
        assert list(differences(contract.document, server, client, LINES, "")) == []


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/experiments", {"items": [samples.experiment(progress=samples.progress())], "next_cursor": "c"}),
        ("/experiments/{experiment_id}/history", samples.HISTORY),
        ("/experiments/{experiment_id}/diagnosis", samples.DIAGNOSIS),
        ("/experiments/{experiment_id}/evaluation", samples.evaluation()),
        ("/experiments/{experiment_id}/mistakes", samples.MISTAKES),
        ("/experiments/{experiment_id}/evaluations", samples.items(samples.EVALUATION_RECORD)),
        ("/experiments/{experiment_id}/evaluations/{dataset}", samples.evaluation_view()),
        ("/experiments/{experiment_id}/lineage", samples.LINEAGE),
        ("/compare", samples.COMPARISON),
        ("/datasets", samples.items(samples.dataset())),
        ("/models", samples.items(samples.serving_model())),
        ("/models/best", samples.MODEL),
        ("/experiments/{experiment_id}/files", samples.files()),
        ("/models/traffic", samples.items(samples.traffic(), samples.traffic(drift=None, confident_share=None))),
        ("/models/promotions", samples.items(samples.promotion())),
        ("/workers", samples.items(samples.worker(activities=[samples.activity()]))),
        ("/queue", samples.queue(samples.queued(), running=(samples.queued(progress=samples.progress()),))),
        ("/disk", samples.DISK),
    ],
)
def test_samples_are_answers_of_the_api(contract: Contract, path: str, answer: JsonObject) -> None:
    schema = contract.document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    schema = schema.get("anyOf", [schema])[0]
    assert contract.errors(schema, answer, closed=True) == []


# -- comparing schemas -----------------------------------------------------------------------------------------------


def differences(
    document: JsonObject, server: JsonObject, client: JsonObject, root: JsonObject, at: str
) -> Iterator[str]:
    """Where the client's schema does not fit what the server's promises; `root` holds the client's definitions."""
    offered = [resolve(each, document) for each in alternatives(server, document)]
    accepted = [resolve(each, root) for each in alternatives(client, root)]
    for each in offered:
        kind = json_type(each)
        fitting = [other for other in accepted if json_type(other) in (kind, None)]
        if kind == "integer" and not fitting:
            fitting = [other for other in accepted if json_type(other) == "number"]
        if not fitting:
            yield f"{at}: the server's {kind} is none of {[json_type(other) for other in accepted]}"
        elif json_type(fitting[0]) is not None:
            yield from inner_differences(document, each, fitting[0], root, at)


def inner_differences(
    document: JsonObject, server: JsonObject, client: JsonObject, root: JsonObject, at: str
) -> Iterator[str]:
    if server.get("type") == "array":
        items = server.get("prefixItems") or [server["items"]]
        others = client.get("prefixItems") or [client.get("items", {})] * len(items)
        for number, (item, other) in enumerate(zip(items, others, strict=True)):
            yield from differences(document, item, other, root, f"{at}/{number}")
    elif server.get("type") == "object" and "properties" in client:
        members, known = server.get("properties", {}), dict(client["properties"])
        if "items" in members:  # ItemList, whose `total` only some answers have
            known = {name: each for name, each in known.items() if name in members or name != "total"}
            members = {name: each for name, each in members.items() if name != "next_cursor" or name in known}
        yield from (f"{at}/{name}: missing in the client" for name in members.keys() - known.keys())
        yield from (f"{at}/{name}: unknown to the server" for name in known.keys() - members.keys())
        optional = set(client.get("required", ())) - set(server.get("required", ()))
        yield from (f"{at}/{name}: required by the client alone" for name in optional)
        for name in members.keys() & known.keys():
            yield from differences(document, members[name], known[name], root, f"{at}/{name}")
    elif isinstance(values := server.get("additionalProperties"), dict):
        others = client.get("additionalProperties")
        yield from differences(document, values, others if isinstance(others, dict) else {}, root, f"{at}/*")


def resolve(schema: JsonObject, root: JsonObject) -> JsonObject:
    while "$ref" in schema:
        found: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema


def alternatives(schema: JsonObject, root: JsonObject) -> list[JsonObject]:
    schema = resolve(schema, root)
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices is None:
        return [schema]
    return [each for choice in choices for each in alternatives(choice, root)]


def json_type(schema: JsonObject) -> str | None:
    """None: anything."""
    found: str | None = schema.get("type")
    return found
