"""Request bodies and media types that FastAPI cannot derive from a signature."""

from typing import Any, get_args

from pydantic import BaseModel, ConfigDict

from api.schemas.events import StatusChange, StreamEnd
from api.schemas.predictions import BatchEnd, BatchError, BatchModel, Predictions
from api.schemas.problems import ProblemDetails
from api.wire.open_inference.requests import InferenceRequest
from api.wire.samples import JsonSamples
from api.wire.tensorflow_serving import ClassifyRequest, PredictRequest
from models_store.datasets.record import Layout
from models_store.events import (
    DatasetChange,
    EvaluationChange,
    EventKind,
    EventsLost,
    ExperimentDeleted,
    ExperimentEpoch,
    ExperimentProgress,
    QueueChange,
    ServingChange,
    StreamReady,
    SweepChange,
)
from models_store.experiments.points import Point
from models_store.experiments.record import Progress
from models_store.experiments.summary import ExperimentSummary
from models_store.jobs.workers import WorkerChange
from serving.predictor import Prediction
from specs.correction import CorrectionSpec
from specs.edit import DatasetEdit, ExperimentEdit
from specs.evaluation import EvaluationSpec
from specs.experiment import ExperimentSpec
from specs.presets import PRESETS
from specs.reordering import Reordering
from specs.serving import ServingSpec
from specs.sweep import SweepSpec
from specs.sweep.edit import SweepEdit
from specs.webhook import WebhookSpec

Description = dict[str, Any]
Responses = dict[int | str, Description]


class SpecPatch(BaseModel):
    """A JSON merge patch (RFC 7396) of the spec of the experiment `based_on`: null removes a field, and so restores its
    default; a list replaces the list that was there."""

    model_config = ConfigDict(extra="allow")

    based_on: str


# The models that descriptions here refer to; api/openapi.py adds their schemas.
REQUEST_MODELS: tuple[type[BaseModel], ...] = (
    ClassifyRequest,
    CorrectionSpec,
    DatasetEdit,
    ExperimentEdit,
    EvaluationSpec,
    ExperimentSpec,
    InferenceRequest,
    JsonSamples,
    PredictRequest,
    Reordering,
    ServingSpec,
    SpecPatch,
    SweepEdit,
    SweepSpec,
    WebhookSpec,
)
_BATCH_LINES: tuple[type, ...] = (BatchModel, Prediction, BatchError, BatchEnd)

JSON, MERGE_PATCH, YAML = "application/json", "application/merge-patch+json", "application/yaml"
FORM, OCTETS, ZIP = "multipart/form-data", "application/octet-stream", "application/zip"
PNG, SVG, CSV, HTML, MARKDOWN = "image/png", "image/svg+xml", "text/csv", "text/html", "text/markdown"
NDJSON, EVENTS, PLAIN = "application/x-ndjson", "text/event-stream", "text/plain"
_BINARY: Description = {"type": "string", "format": "binary"}
_TEXT: Description = {"type": "string"}


def binary(*media_types: str) -> Responses:
    """A 200 that may have these media types, bytes all of them."""
    return {200: {"content": {each: {"schema": _BINARY} for each in media_types}}}


def text(media_type: str) -> Responses:
    return {200: {"content": {media_type: {"schema": _TEXT}}}}


def or_not_modified(responses: Responses) -> Responses:
    return {**responses, 304: {"description": "Not modified since it had the ETag in `If-None-Match`."}}


def _ref(model: type) -> Description:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


IMAGE = binary(PNG)
PLOT = binary(PNG, SVG)
_EVENTS: dict[str, type[BaseModel]] = {
    "epoch": Point,
    "progress": Progress,
    "status": StatusChange,
    "end": StreamEnd,
}
_ALL_EVENTS: dict[EventKind, type[BaseModel]] = {
    "ready": StreamReady,
    "reset": EventsLost,
    "status": ExperimentSummary,
    "progress": ExperimentProgress,
    "epoch": ExperimentEpoch,
    "deleted": ExperimentDeleted,
    "queue": QueueChange,
    "dataset": DatasetChange,
    "evaluation": EvaluationChange,
    "sweep": SweepChange,
    "serving": ServingChange,
    "worker": WorkerChange,
}
EVENT_MODELS: tuple[type[BaseModel], ...] = (*_EVENTS.values(), *_ALL_EVENTS.values())


def _event(name: str, data: type[BaseModel], has_id: bool) -> Description:
    """A server-sent event whose `data` is the JSON of a model."""
    text = {**_TEXT, "contentMediaType": JSON, "contentSchema": _ref(data)}
    properties = {"event": {"const": name}, "data": text, **({"id": _TEXT} if has_id else {})}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _stream(events: list[Description]) -> Responses:
    content = {EVENTS: {"schema": _TEXT, "itemSchema": {"anyOf": events}}}
    return {200: {"description": "Events as they happen.", "content": content}}


EVENT_STREAM: Responses = {
    **_stream([_event(*each, has_id=each[0] in ("epoch", "end")) for each in _EVENTS.items()]),
    204: {"description": "It has ended, and `Last-Event-ID` is that of `end`."},
}
ALL_EVENTS_STREAM = _stream([_event(*each, has_id=True) for each in _ALL_EVENTS.items()])
QUEUED: Responses = {
    202: {
        "description": "Queued.",
        "headers": {"Location": {"description": "Where to follow it.", "schema": _TEXT}},
    }
}
BATCH_LINES: Responses = {
    200: {
        "description": "A line of JSON for each image.",
        "content": {NDJSON: {"schema": _TEXT, "itemSchema": {"anyOf": [_ref(each) for each in _BATCH_LINES]}}},
    }
}


_FORBIDDEN = (
    "The service is not known by the name in `Host`, or a page of a foreign origin sent what is no GET; `detail` says "
    "what to set."
)


def _problems(media_type: str) -> Responses:
    content = {media_type: {"schema": _ref(ProblemDetails)}}
    return {
        "403": {"content": content, "description": _FORBIDDEN},
        "4XX": {"content": content, "description": "The request is wrong; `detail` says what to do."},
        "500": {"content": content, "description": "Internal server error."},
        "503": {"content": content, "description": "Unavailable for now: retry after `Retry-After` seconds."},
    }


PROBLEMS = _problems("application/problem+json")
# Clients of these protocols read errors from application/json alone.
PROTOCOL_PROBLEMS = _problems(JSON)


def _body(content: Description, required: bool = True) -> Description:
    return {"requestBody": {"required": required, "content": content}}


def _json_body(model: type[BaseModel], **examples: object) -> Description:
    return {"schema": _ref(model), "examples": {name: {"value": value} for name, value in examples.items()}}


def _form(title: str, required: list[str], **fields: Description) -> Description:
    return {"schema": {"type": "object", "title": title, "properties": fields, "required": required}}


_ID = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"
_SPEC = PRESETS["digits-cnn"].spec
_YAML_SPEC = """\
name: digits-small
dataset: {name: digits}
model:
  layers:
    - {type: Conv2D, filters: 16, kernel_size: 3, padding: same, activation: relu}
    - {type: MaxPooling2D}
    - {type: Flatten}
    - {type: Dense}
training: {epochs: 5, batch_size: 64}
"""
_YAML_BODY = {**_BINARY, "contentMediaType": "application/yaml", "contentSchema": _ref(ExperimentSpec)}
_PATCH = {"based_on": _ID, "training": {"epochs": 60, "early_stopping": {"patience": 5}}}
SPEC_BODY = _body(
    {
        JSON: _json_body(ExperimentSpec, preset=_SPEC),
        YAML: {"schema": _YAML_BODY, "example": _YAML_SPEC},
        MERGE_PATCH: _json_body(SpecPatch, patch=_PATCH),
    },
    # Of required bodies of several types openapi-python-client 0.29 makes modules that cannot be imported.
    required=False,
)
_SEARCHED = {
    "batch_size": {"$search": {"choice": [32, 64, 128]}},
    "optimizer": {"type": "Adam", "learning_rate": {"$search": {"float": [1e-4, 0.1], "log": True}}},
}
_SWEEP = {
    "trials": 30,
    "stop_early": {"first_epoch": 1, "factor": 3},
    "repeats": {"seeds": 3, "of_best": 3},
    "experiment": {**_SPEC, "training": {"epochs": 9, **_SEARCHED}},
}
_YAML_SWEEP = """\
trials: 3
experiment:
  model: {preset: digits-cnn}
  training: {batch_size: {$search: {choice: [32, 64, 128]}}}
"""
_YAML_SWEEP_BODY = {**_BINARY, "contentMediaType": "application/yaml", "contentSchema": _ref(SweepSpec)}
SWEEP_BODY = _body(
    {JSON: _json_body(SweepSpec, search=_SWEEP), YAML: {"schema": _YAML_SWEEP_BODY, "example": _YAML_SWEEP}},
    required=False,
)
SWEEP_EDIT_BODY = _body(
    {each: _json_body(SweepEdit, edit={"trials": 60, "paused": False}) for each in (MERGE_PATCH, JSON)},
    required=False,
)
EVALUATION_BODY = _body({JSON: _json_body(EvaluationSpec, test={"dataset": "mnist", "split": "test"})})
SERVING_BODY = _body({JSON: _json_body(ServingSpec, pinned={"experiment_id": _ID}, best={"policy": "best"})})
EDIT_BODY = _body(
    {each: _json_body(ExperimentEdit, edit={"name": "wider", "star": True}) for each in (MERGE_PATCH, JSON)},
    required=False,
)
REORDERING_BODY = _body({JSON: _json_body(Reordering, first={"ids": [_ID]})})
DATASET_EDIT_BODY = _body(
    {each: _json_body(DatasetEdit, edit={"hide_test": True}) for each in (MERGE_PATCH, JSON)},
    required=False,
)
WEBHOOK_BODY = _body(
    {JSON: _json_body(WebhookSpec, hook={"url": "https://example.org/hook", "events": ["sweep.ended"]})}
)
CORRECTION_BODY = _body({JSON: _json_body(CorrectionSpec, label={"label": "9"})})
ARCHIVE_BODY = _body(
    {
        FORM: _form(
            "DatasetUpload",
            ["name", "archive"],
            name=_TEXT,
            archive=_BINARY,
            layout={"type": "string", "enum": list(get_args(Layout))},
            names=_TEXT,
        ),
        ZIP: {"schema": _BINARY},
        "application/x-tar": {"schema": _BINARY},
        "application/gzip": {"schema": _BINARY},
    }
)
IMAGES_BODY = _body(
    {
        FORM: _form("ImageUpload", ["file"], file={"type": "array", "items": _BINARY}),
        JSON: _json_body(JsonSamples, image={"image": "iVBORw0KGgo="}, numbers={"features": [[1.5, -2.0], [0.3, 7.1]]}),
        **{each: {"schema": _BINARY} for each in (PNG, "image/jpeg", "image/webp")},
    }
)
BATCH_BODY = _body(
    {
        FORM: _form("BatchUpload", [], archive=_BINARY, file={"type": "array", "items": _BINARY}),
        ZIP: {"schema": _BINARY},
        "application/x-tar": {"schema": _BINARY},
        "application/gzip": {"schema": _BINARY},
    }
)
_B64 = {"b64": "iVBORw0KGgo="}
PREDICT_INSTANCES_BODY = _body(
    {
        JSON: _json_body(
            PredictRequest,
            images={"instances": [_B64, {"image": _B64}]},
            numbers={"instances": [[1.5, -2.0], [0.3, 7.1]]},
            columns={"inputs": {"image": [_B64]}},
        )
    }
)
CLASSIFY_EXAMPLES_BODY = _body({JSON: _json_body(ClassifyRequest, images={"examples": [{"image": _B64}]})})
_FEATURES = {"name": "features", "shape": [1, 2], "datatype": "FP32", "data": [1.5, -2.0]}
_FILES = {"name": "image", "shape": [1], "datatype": "BYTES", "data": ["iVBORw0KGgo="]}
_TOP_3 = {"name": "probabilities", "parameters": {"classification": 3, "binary_data": False}}
INFER_BODY = _body(
    {
        JSON: _json_body(
            InferenceRequest,
            numbers={"id": "42", "inputs": [_FEATURES]},
            images={"inputs": [_FILES], "outputs": [_TOP_3]},
        ),
        OCTETS: {"schema": _BINARY},
    }
)
ANSWER_MODELS: tuple[type[BaseModel], ...] = (
    *(ProblemDetails, Predictions, BatchModel, BatchError, BatchEnd),
    *EVENT_MODELS,
)
