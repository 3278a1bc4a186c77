"""The examples in the OpenAPI document: real answers, shortened."""

import json
from typing import Any

from specs.presets import PRESETS

_ID = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"
_SPEC: dict[str, Any] = dict(PRESETS["digits-cnn"].spec)
_RECORD: dict[str, Any] = {
    "id": _ID,
    "status": "queued",
    "name": "digits-cnn",
    "dataset": "digits",
    "spec": _SPEC,
    "attempts": 0,
    "cancel_requested": False,
    "created_at": "2026-11-22T20:15:00Z",
    "queue_position": 1,
    "progress": None,
    "best": None,
    "error": None,
}
_YAML = """\
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


def _json(example: object) -> dict[str, Any]:
    return {"application/json": {"example": example}}


_SPEC_SCHEMA = {"$ref": "#/components/schemas/ExperimentSpec"}  # api/openapi.py
_PATCH = {"based_on": _ID, "training": {"epochs": 60, "early_stopping": {"patience": 5}}}
_PATCH_SCHEMA = {"type": "object", "properties": {"based_on": {"type": "string"}}, "required": ["based_on"]}
SPEC_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _SPEC_SCHEMA, "example": _SPEC},
            "application/yaml": {"schema": _SPEC_SCHEMA, "example": _YAML},
            "application/merge-patch+json": {"schema": _PATCH_SCHEMA, "example": _PATCH},
        },
    }
}
IMAGE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                    "required": ["file"],
                }
            },
            "image/png": {"schema": {"type": "string", "format": "binary"}},
            "image/jpeg": {"schema": {"type": "string", "format": "binary"}},
            "image/webp": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {
                "examples": {
                    "image": {"value": {"image": "iVBORw0KGgo..."}},
                    "numbers": {"value": {"features": [[1.5, -2.0], [0.3, 7.1]]}},
                }
            },
        },
    }
}
RECORD = _json(_RECORD)
PAGE = _json({"items": [_RECORD], "next_cursor": None})
HISTORY = _json(
    {
        "epoch": [0, 1],
        "history": {
            "loss": [2.23, 1.02],
            "accuracy": [0.34, 0.65],
            "val_loss": [2.1, 1.6],
            "val_accuracy": [0.37, 0.67],
        },
        "best": {"epoch": 1, "metric": "val_accuracy", "value": 0.67},
        "damaged": False,
    }
)
VALIDATION = _json(
    {
        "layers": [{"name": "conv2d", "type": "Conv2D", "output_shape": [28, 28, 64], "parameters": 320}],
        "parameters": {"total": 95946, "trainable": 95946, "non_trainable": 0},
        "steps_per_epoch": 422,
        "estimate": {"seconds": 64.0, "seconds_per_epoch": 3.1, "memory_mb": 260, "basis": "5 past runs"},
        "learning_rate": {"step": [0, 1, 2], "value": [0.001, 0.001, 0.001]},
        "transferred_layers": {"conv2d": "conv2d"},
        "warnings": [],
        "spec": _SPEC,
    }
)
EVALUATION = _json(
    {
        "split": "test",
        "samples": 360,
        "loss": 0.03,
        "accuracy": 0.9917,
        "balanced_accuracy": 0.9916,
        "top_3_accuracy": 1.0,
        "macro": {"precision": 0.99, "recall": 0.99, "f1": 0.99},
        "weighted": {"precision": 0.99, "recall": 0.99, "f1": 0.99},
        "per_class": [{"label": "0", "precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 36}],
        "confusion_matrix": {"labels": ["0", "..."], "matrix": [[36, 0]]},
        "calibration": {
            "temperature": 1.3,
            "error": 0.012,
            "tempered_error": 0.007,
            "bins": [{"from": 0.93, "to": 1.0, "samples": 341, "confidence": 0.998, "accuracy": 0.997}],
            "tempered_bins": [{"from": 0.93, "to": 1.0, "samples": 329, "confidence": 0.991, "accuracy": 1.0}],
        },
        "training_precision": "mixed_bfloat16",
    }
)
_EVALUATION_RECORD: dict[str, Any] = {
    "id": "01K6W3F0Z4T5V6X7Y8Z9A0B1C3",
    "experiment_id": _ID,
    "dataset": "mnist",
    "dataset_id": None,
    "split": "test",
    "status": "queued",
    "attempts": 0,
    "created_at": "2026-11-22T20:15:00Z",
    "ended_at": None,
    "progress": None,
    "error": None,
    "metrics": {},
}
_EVALUATED = {
    **_EVALUATION_RECORD,
    "status": "succeeded",
    "attempts": 1,
    "ended_at": "2026-11-22T20:15:09Z",
    "metrics": {"loss": 1.9, "accuracy": 0.6, "balanced_accuracy": 0.59, "top_3_accuracy": 0.81, "macro_f1": 0.57},
}
EVALUATION_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/EvaluationSpec"},
                "example": {"dataset": "mnist", "split": "test"},
            }
        },
    }
}
EVALUATION_RECORD = _json(_EVALUATION_RECORD)
EVALUATIONS = _json({"items": [_EVALUATED], "next_cursor": None})
EVALUATION_VIEW = _json({**_EVALUATED, "evaluation": {"dataset": "mnist", "split": "test", "accuracy": 0.6}})
MISTAKES = _json(
    {
        "items": [
            {
                "index": 247,
                "sample": 1684,
                "true": {"label": "4", "index": 4},
                "top": [
                    {"label": "6", "index": 6, "probability": 0.71},
                    {"label": "4", "index": 4, "probability": 0.22},
                    {"label": "0", "index": 0, "probability": 0.04},
                ],
                "margin": 0.49,
                "suspect": False,
                "image": f"/experiments/{_ID}/samples/test/247.png",
            }
        ],
        "total": 54,
        "next_cursor": None,
    }
)
DIAGNOSIS = _json(
    {
        "items": [
            {
                "rule": "over-fitting",
                "severity": "warning",
                "sentence": "From about epoch 6 on the network learns its training samples by heart: validation loss "
                "rises from 0.0515 to 0.102, while training loss goes on falling from 0.0407 to 0.0087.",
                "evidence": {"epoch": 5, "lowest_epoch": 3, "val_loss": [0.05146, 0.1016], "loss": [0.04068, 0.0087]},
                "suggestion": {
                    "sentence": "Give it more epochs, and stop early.",
                    "patch": _PATCH,
                },
            }
        ],
        "next_cursor": None,
    }
)
_OTHER_ID = "01K6W4Q2M7N8P9R0S1T2V3W4X5"
_SPEC_PATCH = [
    {"op": "replace", "path": "/name", "value": "digits-dropout"},
    {"op": "add", "path": "/model/layers/6", "value": {"type": "Dropout", "rate": 0.5}},
]
_COMPARED = {
    "id": _ID,
    "name": "digits-cnn",
    "patch": [],
    "changed": "",
    "loss": 0.11,
    "accuracy": 0.9667,
    "accuracy_interval": [0.9472, 0.9833],
    "top_3_accuracy": 0.9972,
    "macro_f1": 0.9665,
    "calibration_error": 0.012,
    "parameters": 85450,
    "epochs": 10,
    "seconds": 7.4,
}
_FLIP = {
    "index": 247,
    "sample": 1684,
    "true": {"label": "4", "index": 4},
    "first": {"label": "6", "index": 6, "probability": 0.71},
    "other": {"label": "4", "index": 4, "probability": 0.88},
    "image": f"/experiments/{_ID}/samples/test/247.png",
}
COMPARISON = _json(
    {
        "split": "test",
        "dataset": "digits",
        "samples": 360,
        "experiments": [
            _COMPARED,
            {
                **_COMPARED,
                "id": _OTHER_ID,
                "name": "digits-dropout",
                "patch": _SPEC_PATCH,
                "changed": "Dropout added at model.layers.6",
                "loss": 0.06,
                "accuracy": 0.9889,
                "accuracy_interval": [0.9778, 0.9972],
            },
        ],
        "pairs": [
            {
                "first": _ID,
                "other": _OTHER_ID,
                "verdict": "digits-dropout is better than digits-cnn by 2.22 points, 95 % interval 0.83 to 3.89, "
                "p = 0.0078; it cured 8 of digits-cnn's mistakes and made no new ones",
                "difference": 0.0222,
                "difference_interval": [0.0083, 0.0389],
                "p": 0.0078,
                "same_answer": 350,
                "cured": {"items": [_FLIP], "total": 8},
                "broken": {"items": [], "total": 0},
            }
        ],
        "confusion_matrices": {"labels": ["0", "..."], "matrices": [[[36, 0]], [[36, 0]]]},
        "curves": {"epoch": [0, 1], "history": {"val_accuracy": [[0.37, 0.67], [0.41, 0.72]]}},
    }
)
_STEP = {
    "id": _ID,
    "name": "digits-cnn",
    "status": "succeeded",
    "accuracy": 0.9667,
    "val_accuracy": 0.9722,
    "accuracy_gain": None,
    "val_accuracy_gain": None,
    "patch": None,
    "changed": None,
}
LINEAGE = _json(
    {
        "items": [
            _STEP,
            {
                **_STEP,
                "id": _OTHER_ID,
                "name": "digits-dropout",
                "accuracy": 0.9889,
                "val_accuracy": 0.9847,
                "accuracy_gain": 0.0222,
                "val_accuracy_gain": 0.0125,
                "patch": _SPEC_PATCH,
                "changed": "Dropout added at model.layers.6",
            },
        ],
        "summary": "96.7 % -> 98.9 %",
        "note": None,
        "children": [],
    }
)
_MODEL = {
    "experiment_id": _ID,
    "dataset": "digits",
    "name": "digits-cnn",
    "accuracy": 0.9917,
    "val_accuracy": 0.993,
}
BEST_MODEL = _json(_MODEL)
_SERVING = {**_MODEL, "policy": "best", "pinned_experiment_id": None, "pinned_at": None, "rejected": []}
SERVING_MODEL = _json(
    {**_SERVING, "policy": "pinned", "pinned_experiment_id": _ID, "pinned_at": "2026-11-22T20:15:00Z"}
)
SERVING_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/ServingSpec"},
                "examples": {
                    "pinned": {"value": {"experiment_id": _ID}},
                    "best": {"value": {"policy": "best"}},
                },
            }
        },
    }
}
_REFUSED = {
    "experiment_id": _OTHER_ID,
    "reason": "model.onnx does not match its sha256 in the manifest: expected 9f86d081884c...",
}
MODELS = _json({"items": [{**_SERVING, "rejected": [_REFUSED]}], "next_cursor": None})
PREDICTIONS = _json(
    {
        "model": _MODEL,
        "predictions": [
            {
                "id": "01K6W5B1N2P3Q4R5S6T7V8W9X0",
                "filename": "four.png",
                "top": [
                    {"label": "4", "index": 4, "probability": 0.981},
                    {"label": "9", "index": 9, "probability": 0.015},
                    {"label": "6", "index": 6, "probability": 0.002},
                ],
                "margin": 0.966,
                "verdict": "confident",
                "preprocessing": {"steps": ["grayscale", "inverted", "cropped", "thickened", "centred"]},
            }
        ],
        "duration_ms": 1.9,
    }
)
_BATCH_ENTRY = {
    "id": "01K6W5B1N2P3Q4R5S6T7V8W9X0",
    "filename": "digits/four.png",
    "top": [{"label": "4", "index": 4, "probability": 0.981}],
    "margin": 0.966,
    "verdict": "confident",
    "preprocessing": {"steps": ["grayscale", "inverted", "cropped", "thickened", "centred"]},
}
_BATCH_LINES = (
    {"model": _MODEL},
    _BATCH_ENTRY,
    {"filename": "digits/torn.png", "error": "the image is broken or cut short: image file is truncated"},
    {"done": True, "images": 2, "unreadable": 1, "skipped": 0, "duration_ms": 8.1},
)
BATCH_ANSWER: dict[str, Any] = {
    "application/x-ndjson": {
        "schema": {"type": "string"},
        "example": "".join(json.dumps(line) + "\n" for line in _BATCH_LINES),
    }
}
_BINARY = {"type": "string", "format": "binary"}
BATCH_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"archive": _BINARY, "file": {"type": "array", "items": _BINARY}},
                }
            },
            "application/zip": {"schema": _BINARY},
            "application/x-tar": {"schema": _BINARY},
            "application/gzip": {"schema": _BINARY},
        },
    }
}
CORRECTION_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/CorrectionSpec"},
                "example": {"label": "9"},
            }
        },
    }
}
CORRECTED = _json(
    {
        "prediction_id": "01K6W5B1N2P3Q4R5S6T7V8W9X0",
        "experiment_id": _ID,
        "predicted": "4",
        "probability": 0.981,
        "label": "9",
        "dataset": "digits-corrections",
    }
)
PLOT: dict[str, Any] = {
    "image/png": {"schema": {"type": "string", "format": "binary"}},
    "image/svg+xml": {"schema": {"type": "string"}},
}
CANCELLED = _json({**_RECORD, "status": "cancelled", "cancel_requested": True, "stop_reason": "cancelled"})
PRESETS_PAGE = _json(
    {
        "items": [{"name": "digits-cnn", "title": "...", "source": "trainyard", "parameters": 85450, "spec": _SPEC}],
        "next_cursor": None,
    }
)
LIVE = _json({"status": "ok", "live": True})
READY = _json({"status": "ok", "ready": True, "live": True})
WORKERS = _json(
    {
        "items": [
            {"name": "host:4711", "hostname": "host", "pid": 4711, "seen_at": 1795381304.5, "experiments": [_ID]}
        ],
        "next_cursor": None,
    }
)
_WAITING = {"id": _ID, "name": "digits-cnn", "dataset": "digits", "status": "queued"}
QUEUE = _json({"depth": 1, "queued": 1, "items": [_WAITING], "running": [], "next_cursor": None})
ARCHIVE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"name": {"type": "string"}, "archive": {"type": "string", "format": "binary"}},
                    "required": ["name", "archive"],
                }
            },
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
_DATASET_RECORD = {
    "id": "01K6W3E8Z4T5V6X7Y8Z9A0B1C2",
    "name": "flowers",
    "status": "converting",
    "attempts": 1,
    "archive_bytes": 52_428_800,
    "created_at": "2026-11-22T20:15:00Z",
    "progress": {"done": 1200, "total": 3670},
    "error": None,
    "contents": None,
}
DATASET_RECORD = _json({**_DATASET_RECORD, "status": "queued", "attempts": 0, "progress": None})
_DATASET = {
    "name": "flowers",
    "origin": "uploaded",
    "status": "ready",
    "shape": None,
    "classes": ["daisy", "tulip"],
    "counts": {"train": [633, 799], "test": [0, 0]},
    "warnings": ["3 files are copies of others, byte by byte: tulip/1.jpg = tulip/7.jpg"],
    "record": {**_DATASET_RECORD, "status": "ready", "progress": None},
}
DATASET = _json(_DATASET)
DATASETS = _json({"items": [_DATASET], "next_cursor": None})
SAMPLES = _json(
    {
        "items": [
            {
                "index": 7,
                "label": "daisy",
                "split": "train",
                "name": "flowers/daisy/7.jpg",
                "image": "/datasets/flowers/samples/7.png",
            }
        ],
        "next_cursor": None,
    }
)
