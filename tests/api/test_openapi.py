"""The OpenAPI document: what a reader and a generated client need of it."""

import re
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from httpx2 import Request, Response

from tests.support.api import ApiClient
from tests.support.contract import Contract, JsonObject

PROTOCOLS = {"TensorFlow Serving", "Open Inference Protocol v2"}
VERB = re.compile(
    "(begin|cancel|check|classify|compare|create|decline|delete|drain|edit|finish|follow|get|improve|infer|label|list|pause|plot|predict|promote|prune|reorder|reproduce|resume|retry|reveal|revoke|set|stop|test|upload|validate)(_[a-z]+)*"
)


@pytest.fixture
def contract(client: ApiClient) -> Contract:
    return client.contract


def successes(contract: Contract) -> Iterator[tuple[str, JsonObject]]:
    for operation in contract.operations():
        for status, response in operation.responses.items():
            if status.startswith("2"):
                yield operation.name, response


def bodies(contract: Contract) -> Iterator[tuple[str, str, JsonObject]]:
    """Each operation's name, media type and description of requests and successful answers."""
    for operation in contract.operations():
        for media_type, each in operation.request_content.items():
            yield operation.name, media_type, each
    for name, response in successes(contract):
        for media_type, each in response.get("content", {}).items():
            yield name, media_type, each


def test_operations_have_unique_verbs(contract: Contract) -> None:
    names = [operation.id for operation in contract.operations()]

    assert len(set(names)) == len(names)
    assert [name for name in names if not VERB.fullmatch(name)] == []


def test_operations_are_described(contract: Contract) -> None:
    for operation in contract.operations():
        assert operation.description.rstrip().endswith((".", "`.")), operation.name


def test_json_bodies_have_named_schemas(contract: Contract) -> None:
    for name, media_type, each in bodies(contract):
        if media_type == "application/json":
            schema = each["schema"]
            named = [schema.get("items", schema)] if "anyOf" not in schema else schema["anyOf"]
            assert all("$ref" in member for member in named), (name, schema)


def test_every_media_type_has_a_schema(contract: Contract) -> None:
    for name, media_type, each in bodies(contract):
        assert each.get("schema") or each.get("itemSchema"), (name, media_type)


def test_only_empty_answers_have_no_content(contract: Contract) -> None:
    empty = [name for name, response in successes(contract) if "content" not in response]

    assert empty == [
        "GET /experiments/{experiment_id}/events",
        "DELETE /experiments/{experiment_id}/state",
        "DELETE /experiments/{experiment_id}",
        "DELETE /assignments/{assignment_id}",
        "DELETE /webhooks/{webhook_id}",
        "DELETE /classes/{class_name}",
        "DELETE /sweeps/{sweep_id}",
        "DELETE /datasets/{name}",
    ]


def test_negotiated_headers_are_no_parameters(contract: Contract) -> None:
    headers = {
        parameter["name"].lower()
        for operation in contract.operations()
        for parameter in operation.parameters
        if parameter["in"] == "header"
    }

    assert headers == {
        "idempotency-key",
        "if-match",
        "if-none-match",
        "inference-header-content-length",
        "last-event-id",
    }


def test_rejections_are_problems(contract: Contract) -> None:
    for operation in contract.operations():
        media_type = "application/json" if PROTOCOLS & set(operation.tags) else "application/problem+json"
        for status in ("403", "4XX", "500", "503"):
            assert list(operation.responses[status]["content"]) == [media_type], operation.name


@pytest.mark.parametrize(
    ("method", "path", "kind", "is_allowed"),
    [
        ("GET", "/experiments", "unknown_host", True),
        ("GET", "/nowhere", "unknown_host", True),
        ("POST", "/experiments", "foreign_origin", True),
        ("POST", "/nowhere", "foreign_origin", True),
        ("GET", "/experiments", "foreign_origin", False),
        ("DELETE", "/experiments/x", "conflict", False),
    ],
)
def test_contract_allows_403_by_its_rules_alone(
    contract: Contract, method: str, path: str, kind: str, is_allowed: bool
) -> None:
    problem = {
        "type": f"urn:trainyard:problem:{kind}",
        "title": "x",
        "status": 403,
        "detail": "x",
        "error": "x",
    }
    answer = Response(
        403,
        json={**problem, "instance": path},
        headers={"content-type": "application/problem+json"},
        request=Request(method, f"http://testserver{path}"),
    )

    with nullcontext() if is_allowed else pytest.raises(AssertionError, match="no rule forbids this"):
        contract.check(answer)


def test_references_resolve(contract: Contract) -> None:
    assert referred(contract.document) == contract.document["components"]["schemas"].keys()


def referred(node: Any) -> set[str]:
    if isinstance(node, list):
        return {name for each in node for name in referred(each)}
    if not isinstance(node, dict):
        return set()
    mapped = node["mapping"].values() if "mapping" in node and "propertyName" in node else []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return {each.rpartition("/")[2] for each in [*own, *mapped]} | referred(list(node.values()))


def test_experiment_spec_is_described_whole(contract: Contract, tiny_document: JsonObject) -> None:
    schema = {"$ref": "#/components/schemas/ExperimentSpec"}
    misspelt = {**tiny_document, "training": {"epoch": 3}}

    assert contract.errors(schema, tiny_document) == []
    assert [error.partition(":")[0] for error in contract.errors(schema, misspelt)] == ["/training"]
