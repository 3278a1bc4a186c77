"""Request bodies that routes parse themselves, as the OpenAPI document describes them."""

from typing import get_args

from pydantic import BaseModel, ConfigDict

from api.content import BINARY, FORM, JSON, MERGE_PATCH, OCTETS, PNG, TEXT, YAML, ZIP, Description, ref_to
from api.wire.open_inference.requests import InferenceRequest
from api.wire.samples import JsonSamples
from api.wire.tensorflow_serving import ClassifyRequest, PredictRequest
from models_store.datasets.record import Layout
from specs.access import KeySpec
from specs.assignment import AssignmentEdit, AssignmentSpec, SubmissionSpec
from specs.classroom import ClassSpec, CommentSpec, StudentsSpec
from specs.correction import CorrectionSpec
from specs.edit import DatasetEdit, ExperimentEdit, OwnerEdit
from specs.evaluation import EvaluationSpec
from specs.experiment import ExperimentSpec
from specs.improvement import ImprovementSpec
from specs.presets import PRESETS
from specs.quota import QuotaSpec
from specs.reordering import Reordering
from specs.serving import ServingSpec
from specs.sweep import SweepSpec
from specs.sweep.edit import SweepEdit
from specs.webhook import WebhookSpec


class SpecPatch(BaseModel):
    """A JSON merge patch (RFC 7396) of the spec of the experiment `based_on`: null removes a field, and so restores its
    default; a list replaces the list that was there."""

    model_config = ConfigDict(extra="allow")

    based_on: str


# The models that descriptions here refer to; api/openapi.py adds their schemas.
REQUEST_MODELS: tuple[type[BaseModel], ...] = (
    AssignmentEdit,
    AssignmentSpec,
    ClassifyRequest,
    ClassSpec,
    CommentSpec,
    CorrectionSpec,
    DatasetEdit,
    ExperimentEdit,
    EvaluationSpec,
    ExperimentSpec,
    ImprovementSpec,
    OwnerEdit,
    QuotaSpec,
    InferenceRequest,
    JsonSamples,
    KeySpec,
    PredictRequest,
    Reordering,
    ServingSpec,
    SpecPatch,
    StudentsSpec,
    SubmissionSpec,
    SweepEdit,
    SweepSpec,
    WebhookSpec,
)


def _body(content: Description, required: bool = True) -> Description:
    return {"requestBody": {"required": required, "content": content}}


def _json_body(model: type[BaseModel], **examples: object) -> Description:
    return {"schema": ref_to(model), "examples": {name: {"value": value} for name, value in examples.items()}}


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
_YAML_BODY = {**BINARY, "contentMediaType": "application/yaml", "contentSchema": ref_to(ExperimentSpec)}
_PATCH = {"based_on": _ID, "training": {"epochs": 60, "early_stopping": {"patience": 5}}}
SPEC = _body(
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
_YAML_SWEEP_BODY = {**BINARY, "contentMediaType": "application/yaml", "contentSchema": ref_to(SweepSpec)}
SWEEP = _body(
    {JSON: _json_body(SweepSpec, search=_SWEEP), YAML: {"schema": _YAML_SWEEP_BODY, "example": _YAML_SWEEP}},
    required=False,
)
SWEEP_EDIT = _body(
    {each: _json_body(SweepEdit, edit={"trials": 60, "paused": False}) for each in (MERGE_PATCH, JSON)},
    required=False,
)
EVALUATION = _body({JSON: _json_body(EvaluationSpec, test={"dataset": "mnist", "split": "test"})})
SERVING = _body({JSON: _json_body(ServingSpec, pinned={"experiment_id": _ID}, best={"policy": "best"})})
IMPROVEMENT = _body(
    {JSON: _json_body(ImprovementSpec, by_itself={"promote": "automatic"}, usual={})},
    required=False,
)
EDIT = _body(
    {each: _json_body(ExperimentEdit, edit={"name": "wider", "star": True}) for each in (MERGE_PATCH, JSON)},
    required=False,
)
REORDERING = _body({JSON: _json_body(Reordering, first={"ids": [_ID]})})
DATASET_EDIT = _body(
    {each: _json_body(DatasetEdit, edit={"hide_test": True}) for each in (MERGE_PATCH, JSON)},
    required=False,
)
KEY = _body({JSON: _json_body(KeySpec, key={"name": "laptop", "scopes": ["read", "run", "predict"]})})
QUOTA = _body({JSON: _json_body(QuotaSpec, quota={"running": 2, "training_minutes": 600})})
OWNER_EDIT = _body({JSON: _json_body(OwnerEdit, private={"private": True})})
CLASS = _body({JSON: _json_body(ClassSpec, new={"name": "biology-7b", "students": ["Ann", "Bob"]})})
STUDENTS = _body({JSON: _json_body(StudentsSpec, more={"students": ["Cem"]})})
COMMENT = _body({JSON: _json_body(CommentSpec, hint={"text": "What does the gap between the curves say?"})})
_DEADLINE = "2027-03-01T18:00:00+01:00"
_ASSIGNMENT = {
    "class": "biology-7b",
    "title": "Fewer mistakes",
    "base": {"dataset": {"name": "mnist"}, "model": {"preset": "mnist-dnn"}},
    "may_change": ["/model", "/training"],
    "budget": {"runs": 20, "submissions": 5},
    "deadline": _DEADLINE,
}
ASSIGNMENT = _body({JSON: _json_body(AssignmentSpec, new=_ASSIGNMENT)})
ASSIGNMENT_EDIT = _body(
    {each: _json_body(AssignmentEdit, edit={"deadline": _DEADLINE}) for each in (MERGE_PATCH, JSON)},
    required=False,
)
SUBMISSION = _body({JSON: _json_body(SubmissionSpec, submit={"experiment": _ID})})
WEBHOOK = _body({JSON: _json_body(WebhookSpec, hook={"url": "https://example.org/hook", "events": ["sweep.ended"]})})
CORRECTION = _body({JSON: _json_body(CorrectionSpec, label={"label": "9"})})
ARCHIVE = _body(
    {
        FORM: _form(
            "DatasetUpload",
            ["name", "archive"],
            name=TEXT,
            archive=BINARY,
            layout={"type": "string", "enum": list(get_args(Layout))},
            names=TEXT,
            field=TEXT,
        ),
        ZIP: {"schema": BINARY},
        "application/x-tar": {"schema": BINARY},
        "application/gzip": {"schema": BINARY},
    }
)
_ONE_IMAGE = {each: {"schema": BINARY} for each in (PNG, "image/jpeg", "image/webp")}
IMAGES = _body(
    {
        FORM: _form("ImageUpload", ["file"], file={"type": "array", "items": BINARY}),
        JSON: _json_body(JsonSamples, image={"image": "iVBORw0KGgo="}, numbers={"features": [[1.5, -2.0], [0.3, 7.1]]}),
        **_ONE_IMAGE,
    }
)
EXPLAINED_IMAGE = _body({FORM: _form("ExplainedImage", ["file"], file=BINARY), **_ONE_IMAGE}, required=False)
BATCH = _body(
    {
        FORM: _form("BatchUpload", [], archive=BINARY, file={"type": "array", "items": BINARY}),
        ZIP: {"schema": BINARY},
        "application/x-tar": {"schema": BINARY},
        "application/gzip": {"schema": BINARY},
    }
)
_B64 = {"b64": "iVBORw0KGgo="}
PREDICT_INSTANCES = _body(
    {
        JSON: _json_body(
            PredictRequest,
            images={"instances": [_B64, {"image": _B64}]},
            numbers={"instances": [[1.5, -2.0], [0.3, 7.1]]},
            columns={"inputs": {"image": [_B64]}},
        )
    }
)
CLASSIFY_EXAMPLES = _body({JSON: _json_body(ClassifyRequest, images={"examples": [{"image": _B64}]})})
_FEATURES = {"name": "features", "shape": [1, 2], "datatype": "FP32", "data": [1.5, -2.0]}
_FILES = {"name": "image", "shape": [1], "datatype": "BYTES", "data": ["iVBORw0KGgo="]}
_TOP_3 = {"name": "probabilities", "parameters": {"classification": 3, "binary_data": False}}
INFER = _body(
    {
        JSON: _json_body(
            InferenceRequest,
            numbers={"id": "42", "inputs": [_FEATURES]},
            images={"inputs": [_FILES], "outputs": [_TOP_3]},
        ),
        OCTETS: {"schema": BINARY},
    }
)
