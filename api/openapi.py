"""The OpenAPI document: operations named by their functions, bodies that routes parse themselves, examples."""

from functools import cache
from importlib import resources
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from api.content import ANSWER_MODELS
from api.request_bodies import REQUEST_MODELS

_REFERENCE = "#/components/schemas/{model}"
_EXAMPLES = "examples.json"
# Of an operation's name, in the file of examples.
SUMMARY = "?fields=summary"
REPEATS = "?repeats=3"
DRY_RUN = "?dry_run=true"
_KINDS = {"summary": SUMMARY, "repeats": REPEATS}


def operation_id(route: APIRoute) -> str:
    """The name of a route's function, which is a verb: what a generated client calls the operation."""
    return route.name


def install(app: FastAPI) -> None:
    """Have `/openapi.json` and `/docs` show the document; it is made at the first request."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way to change it


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas |= _named_schemas()
    schemas["PresetView"]["properties"]["spec"] = {"$ref": _REFERENCE.format(model="ExperimentSpec")}
    _replace_constants(schemas)
    for path in document["paths"].values():
        for operation in path.values():
            _add_example(operation)
    return document


def _named_schemas() -> dict[str, Any]:
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((each, "validation") for each in REQUEST_MODELS),
        *((each, "serialization") for each in ANSWER_MODELS),
    ]
    _, definitions = models_json_schema(models, ref_template=_REFERENCE)
    schemas: dict[str, Any] = definitions["$defs"]
    # A missing name is made from the preset or the dataset, or from that of the experiment.
    for each in ("ExperimentSpec", "SweepSpec"):
        schemas[each]["required"].remove("name")
    return schemas


def _replace_constants(node: Any) -> None:
    """In unions, make an enum of a constant: clients by openapi-python-client try the members of a union in order, and
    give up at a constant that differs."""
    if isinstance(node, dict):
        for member in (*node.get("anyOf", ()), *node.get("oneOf", ())):
            if "const" in member:
                member["enum"] = [member.pop("const")]
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _replace_constants(child)


def _add_example(operation: dict[str, Any]) -> None:
    """Where answers differ by the query, one of each kind; of a dry run under its own status."""
    recorded, name = recorded_examples(), operation["operationId"]
    example = recorded.get(name)
    kinds = {
        kind: {"value": recorded[f"{name}{query}"]} for kind, query in _KINDS.items() if f"{name}{query}" in recorded
    }
    dry_run = recorded.get(f"{name}{DRY_RUN}")
    for status, response in operation["responses"].items():
        if dry_run is not None and status == "200":
            response["content"]["application/json"]["example"] = dry_run
        elif example is not None and status.startswith("2") and "application/json" in response.get("content", {}):
            shown = {"examples": {"record": {"value": example}, **kinds}} if kinds else {"example": example}
            response["content"]["application/json"] |= shown


@cache
def recorded_examples() -> dict[str, Any]:
    """Real answers by operation, shortened. `python -m tests.api.record_examples` records them again."""
    data = resources.files("api.schemas").joinpath(_EXAMPLES).read_bytes()
    examples: dict[str, Any] = orjson.loads(data)
    return examples
