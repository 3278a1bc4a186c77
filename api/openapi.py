"""The OpenAPI document, with the schemas of what routes read by themselves: specs, and problems."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from api.errors import ProblemDetails
from specs.correction import CorrectionSpec
from specs.evaluation import EvaluationSpec
from specs.experiment import ExperimentSpec
from specs.serving import ServingSpec

_REFERENCE = "#/components/schemas/{model}"


def install(app: FastAPI) -> None:
    """Have `/openapi.json` and `/docs` show it; it is made at the first request."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            schemas = made.setdefault("components", {}).setdefault("schemas", {})
            for model in (CorrectionSpec, EvaluationSpec, ExperimentSpec, ProblemDetails, ServingSpec):
                schemas |= _schemas_of(model)
            # A name that is left out is made from the preset or the dataset.
            schemas["ExperimentSpec"]["required"].remove("name")
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way to change it


def _schemas_of(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template=_REFERENCE)
    return {**schema.pop("$defs", {}), model.__name__: schema}
