"""Media types, and answers that FastAPI cannot derive from a signature."""

from typing import Any

from pydantic import BaseModel

from api.schemas.events import StatusChange, StreamEnd
from api.schemas.predictions import BatchEnd, BatchError, BatchModel, Predictions
from api.schemas.problems import ProblemDetails
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

Description = dict[str, Any]
Responses = dict[int | str, Description]

_BATCH_LINES: tuple[type, ...] = (BatchModel, Prediction, BatchError, BatchEnd)

JSON, MERGE_PATCH, YAML = "application/json", "application/merge-patch+json", "application/yaml"
FORM, OCTETS, ZIP = "multipart/form-data", "application/octet-stream", "application/zip"
PNG, SVG, CSV, HTML, MARKDOWN = "image/png", "image/svg+xml", "text/csv", "text/html", "text/markdown"
# As a header of a list: events of `GET /events` behind it are newer.
POSITION = "Last-Event-ID"
NDJSON, EVENTS, PLAIN = "application/x-ndjson", "text/event-stream", "text/plain"
# Reports quote users: nothing in them may run or load anything.
REPORT_HEADERS = {"Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'"}
BINARY: Description = {"type": "string", "format": "binary"}
TEXT: Description = {"type": "string"}


def binary(*media_types: str) -> Responses:
    """A 200 that may have these media types, bytes all of them."""
    return {200: {"content": {each: {"schema": BINARY} for each in media_types}}}


def text(media_type: str) -> Responses:
    return {200: {"content": {media_type: {"schema": TEXT}}}}


def or_not_modified(responses: Responses) -> Responses:
    return {**responses, 304: {"description": "Not modified since it had the ETag in `If-None-Match`."}}


def ref_to(model: type) -> Description:
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
    text = {**TEXT, "contentMediaType": JSON, "contentSchema": ref_to(data)}
    properties = {"event": {"const": name}, "data": text, **({"id": TEXT} if has_id else {})}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _stream(events: list[Description]) -> Responses:
    content = {EVENTS: {"schema": TEXT, "itemSchema": {"anyOf": events}}}
    return {200: {"description": "Events as they happen.", "content": content}}


EVENT_STREAM: Responses = {
    **_stream([_event(*each, has_id=each[0] in ("epoch", "end")) for each in _EVENTS.items()]),
    204: {"description": "It has ended, and `Last-Event-ID` is that of `end`."},
}
ALL_EVENTS_STREAM = _stream([_event(*each, has_id=True) for each in _ALL_EVENTS.items()])
REDIRECT: Responses = {
    303: {"description": "Go on there.", "headers": {"Location": {"description": "An address.", "schema": TEXT}}}
}
QUEUED: Responses = {
    202: {
        "description": "Queued.",
        "headers": {"Location": {"description": "Where to follow it.", "schema": TEXT}},
    }
}
BATCH_LINES: Responses = {
    200: {
        "description": "A line of JSON for each image.",
        "content": {NDJSON: {"schema": TEXT, "itemSchema": {"anyOf": [ref_to(each) for each in _BATCH_LINES]}}},
    }
}


_FORBIDDEN = (
    "The service is not known by the name in `Host`, or a page of a foreign origin sent what is no GET; `detail` says "
    "what to set."
)


def _problems(media_type: str) -> Responses:
    content = {media_type: {"schema": ref_to(ProblemDetails)}}
    return {
        "403": {"content": content, "description": _FORBIDDEN},
        "4XX": {"content": content, "description": "The request is wrong; `detail` says what to do."},
        "500": {"content": content, "description": "Internal server error."},
        "503": {"content": content, "description": "Unavailable for now: retry after `Retry-After` seconds."},
    }


_PROBLEM_JSON = "application/problem+json"
PROBLEMS = _problems(_PROBLEM_JSON)
JUDGED: Responses = {200: {"content": {_PROBLEM_JSON: {"schema": ref_to(ProblemDetails)}}}}
# Clients of these protocols read errors from application/json alone.
PROTOCOL_PROBLEMS = _problems(JSON)
ANSWER_MODELS: tuple[type[BaseModel], ...] = (
    *(ProblemDetails, Predictions, BatchModel, BatchError, BatchEnd),
    *EVENT_MODELS,
)
