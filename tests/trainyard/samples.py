"""Answers of the API, as JSON. test_contract.py holds them against the OpenAPI document."""

from typing import Any

JsonObject = dict[str, Any]

ID, OTHER_ID = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2", "01K6W4Q2M7N8P9R0S1T2V3W4X5"
PREDICTION_ID = "01K6W5B1N2P3Q4R5S6T7V8W9X0"


def experiment(experiment_id: str = ID, **changes: Any) -> JsonObject:
    return {
        "schema_version": 2,
        "id": experiment_id,
        "version": 3,
        "status": "queued",
        "name": "digits [small]",
        "tags": [],
        "notes": "",
        "star": False,
        "priority": 0,
        "owner": None,
        "private": False,
        "dataset": "digits",
        "based_on": None,
        "sweep": None,
        "trial": None,
        "group": None,
        "repeats": None,
        "initial_epoch": 0,
        "reproduces": None,
        "improvement": None,
        "spec": {"training": {"epochs": 2}},
        "transferred_layers": {},
        "parameters": 650,
        "memory_mb": 1,
        "attempts": 1,
        "interruptions": 0,
        "cancel_requested": False,
        "stop_requested": False,
        "preempted_by_priority": None,
        "worker": None,
        "created_at": "2026-11-22T20:15:00Z",
        "started_at": None,
        "ended_at": None,
        "queue_position": None,
        "waits_because": None,
        "progress": None,
        "epochs_completed": 0,
        "epoch_seconds": None,
        "best": None,
        "best_metrics": {},
        "last_metrics": {},
        "sparkline": [],
        "published_epoch": None,
        "published_metrics": {},
        "validation_metrics": {},
        "test_metrics": {},
        "test_hidden": False,
        "peeks": 0,
        "stop_reason": None,
        "stop_detail": None,
        "error": None,
        "damaged": [],
        **changes,
    }


def improvement(**changes: Any) -> JsonObject:
    check = {
        "baseline": OTHER_ID,
        "split": "test",
        "samples": 360,
        "accuracy_before": 0.975,
        "accuracy": 0.9861,
        "fixed": 5,
        "regressed": 1,
        "difference": 0.0111,
        "difference_interval": [0.0, 0.025],
        "p": 0.2188,
        "checked_at": "2026-11-22T20:20:00Z",
    }
    return {
        "baseline": OTHER_ID,
        "promote": "automatic",
        "by_token": False,
        "state": "promoted",
        "check": check,
        "reason": "",
        "decided_by": None,
        "decided_at": "2026-11-22T20:20:01Z",
        **changes,
    }


def progress(**changes: Any) -> JsonObject:
    return {
        "phase": "training",
        "epoch": 0,
        "epochs": 2,
        "step": 0,
        "steps_per_epoch": 0,
        "steps_per_second": None,
        "eta_seconds": None,
        "precision": None,
        **changes,
    }


def evaluation(split: str = "test", **changes: Any) -> JsonObject:
    means = {"precision": 0.9, "recall": 0.85, "f1": 0.8}
    bins = [{"from": 0.5, "to": 1.0, "samples": 12, "confidence": 0.95, "accuracy": 0.9}]
    return {
        "samples": 12,
        "loss": 0.2,
        "accuracy": 0.9,
        "balanced_accuracy": 0.9,
        "top_3_accuracy": 1.0,
        "macro": means,
        "weighted": means,
        "per_class": [{**means, "label": "4", "support": 6}, {**means, "label": "9", "support": 6}],
        "confusion_matrix": {"labels": ["4", "9"], "matrix": [[5, 1], [0, 6]]},
        "split": split,
        "calibration": {
            "temperature": 1.3,
            "error": 0.02,
            "tempered_error": 0.01,
            "bins": bins,
            "tempered_bins": bins,
        },
        "training_precision": "float32",
        **changes,
    }


def evaluation_view(status: str = "succeeded", **changes: Any) -> JsonObject:
    return {
        "schema_version": 2,
        "id": "01K6W7C1N2P3Q4R5S6T7V8W9X0",
        "experiment_id": ID,
        "dataset": "noise",
        "dataset_id": None,
        "split": "all",
        "prep": "auto",
        "status": status,
        "attempts": 1,
        "interruptions": 0,
        "worker": None,
        "created_at": "2026-11-22T20:15:00Z",
        "ended_at": None,
        "progress": None,
        "error": None,
        "metrics": {},
        "test_hidden": False,
        "evaluation": None,
        **changes,
    }


EVALUATION_RECORD = {name: value for name, value in evaluation_view("queued").items() if name != "evaluation"}


def serving_model(**changes: Any) -> JsonObject:
    return {
        "dataset": "digits",
        "experiment_id": ID,
        "name": "digits-cnn",
        "accuracy": 0.99,
        "val_accuracy": 0.9875,
        "policy": "best",
        "pinned_experiment_id": None,
        "pinned_at": None,
        "pinned_by": None,
        "rejected": [],
        **changes,
    }


def promotion(**changes: Any) -> JsonObject:
    return {
        "dataset": "digits",
        "at": "2026-11-22T20:15:00Z",
        "reason": "best",
        "experiment_id": ID,
        "name": "digits-cnn",
        "val_accuracy": 0.9875,
        "accuracy": 0.99,
        "private": False,
        "owner": None,
        **changes,
    }


def files() -> JsonObject:
    stored = {
        "name": "model.onnx",
        "url": f"/experiments/{ID}/files/model.onnx",
        "sha256": "ab" * 32,
        "bytes": 2_600_000,
    }
    made = {"name": "report.html", "url": f"/experiments/{ID}/report.html", "sha256": None, "bytes": None}
    return items({**made, "media_type": "text/html"}, {**stored, "media_type": "application/octet-stream"})


def traffic(**changes: Any) -> JsonObject:
    return {
        "dataset": "digits",
        "experiment_id": ID,
        "requests_per_second": 0.25,
        "requests_by_minute": [*[0] * 57, 1200, 15, 10],
        "verdicts": {"confident": 90, "unsure": 6, "several_digits": 0, "not_a_digit": 4},
        "confident_share": 0.9,
        "validation_confident_share": 0.97,
        "predicted": [{"label": "0", "count": 96, "validation_count": 37}],
        "drift": {"distance": 0.312, "p": 0.00012, "is_drifting": True},
        **changes,
    }


def dataset_record(**changes: Any) -> JsonObject:
    return {
        "schema_version": 2,
        "id": "01K6W6C1N2P3Q4R5S6T7V8W9X0",
        "name": "own",
        "status": "converting",
        "attempts": 1,
        "owner": None,
        "private": False,
        "interruptions": 0,
        "worker": None,
        "archive_bytes": 2,
        "options": {"layout": "csv", "names": "gbk", "field": None},
        "collected_from": None,
        "created_at": "2026-11-22T20:15:00Z",
        "ended_at": None,
        "progress": None,
        "error": None,
        "contents": None,
        **changes,
    }


def dataset(**changes: Any) -> JsonObject:
    return {
        "name": "own",
        "origin": "uploaded",
        "status": "ready",
        "shape": [8, 8, 3],
        "classes": ["cat", "dog"],
        "counts": {"train": [3, 4], "test": [1, 0]},
        "has_images": True,
        "warnings": ["uneven"],
        "test_split": {
            "hidden": False,
            "hidden_at": None,
            "sealed_until": None,
            "revealed_at": ["2026-11-22T20:15:00Z"],
            "peeks": 3,
            "peeked_experiments": 2,
        },
        "record": dataset_record(status="ready"),
        **changes,
    }


PRESET: JsonObject = {
    "name": "digits-cnn",
    "title": "A small one",
    "source": "trainyard",
    "parameters": 85450,
    "spec": {"name": "digits-cnn", "dataset": {"name": "digits"}},
}
PRESETS = {"items": [PRESET], "next_cursor": None}

HISTORY = {
    "epoch": [0, 1],
    "history": {"loss": [2.0, None], "val_loss": [1.5, 1.0]},
    "seconds": [3.25, 0.5],
    "best": None,
    "published_epoch": None,
    "damaged": False,
}

VALIDATION: JsonObject = {
    "layers": [{"name": "conv2d", "type": "Conv2D", "output_shape": [8, 8, 32], "parameters": 18496}],
    "parameters": {"total": 18496, "trainable": 18000, "non_trainable": 496},
    "steps_per_epoch": 21,
    "estimate": {
        "seconds": 64.0,
        "seconds_low": 32.0,
        "seconds_high": 130.0,
        "seconds_per_epoch": 1.9,
        "memory_mb": 1260,
        "basis": "5 past runs",
    },
    "learning_rate": {"step": [0, 20], "value": [0.001, 0.001]},
    "transferred_layers": {},
    "warnings": ["flips turn 6 into 9"],
    "suggestions": [{"sentence": "flips turn 6 into 9", "patch": {"augmentation": None}}],
    "spec": PRESET["spec"],
}

MISTAKE: JsonObject = {
    "index": 7,
    "sample": 301,
    "file": "test/4/seven.png",
    "true": {"label": "4", "index": 4},
    "top": [{"label": "9", "index": 9, "probability": 0.7}, {"label": "4", "index": 4, "probability": 0.3}],
    "margin": 0.4,
    "suspect": True,
    "image": f"/experiments/{ID}/samples/test/7.png",
    "corrected": None,
    "confirmed": False,
}
MISTAKES = {"items": [MISTAKE], "total": 8, "next_cursor": None}

FINDING: JsonObject = {
    "rule": "too-many-epochs",
    "severity": "info",
    "sentence": "After about epoch 20 nothing was gained.",
    "evidence": {"epoch": 19},
    "suggestion": {"sentence": "Train for 30 epochs.", "patch": {"based_on": ID, "training": {"epochs": 30}}},
}
DIAGNOSIS = {
    "items": [
        FINDING,
        {"rule": "slow-start", "severity": "info", "sentence": "Slow.", "evidence": {}, "suggestion": None},
    ],
    "next_cursor": None,
}

_COMPARED: JsonObject = {
    "id": ID,
    "name": "plain [a]",
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
    "published_epoch": 8,
    "seconds": 7.42,
    "peeks": 1,
}
FLIP: JsonObject = {
    "index": 247,
    "sample": 1684,
    "true": {"label": "four", "index": 4},
    "first": {"label": "six", "index": 6, "probability": 0.71},
    "other": {"label": "four", "index": 4, "probability": 0.88},
    "image": f"/experiments/{ID}/samples/test/247.png",
}
COMPARISON = {
    "split": "test",
    "dataset": "digits",
    "samples": 1360,
    "note": None,
    "experiments": [
        _COMPARED,
        {
            **_COMPARED,
            "id": OTHER_ID,
            "name": "dropout",
            "changed": "Dropout added at model.layers.6",
            "parameters": None,
        },
    ],
    "pairs": [
        {
            "first": ID,
            "other": OTHER_ID,
            "verdict": "dropout is better than plain [a] by 2.22 points",
            "difference": 0.0222,
            "difference_interval": [0.0028, 0.0417],
            "p": 0.02,
            "same_answer": 1340,
            "fixed": {"items": [FLIP], "total": 8},
            "regressed": {"items": [], "total": 0},
        }
    ],
    "confusion_matrices": {"labels": ["four", "six"], "matrices": [[[5, 1], [0, 6]], [[6, 0], [0, 6]]]},
    "curves": {
        "epoch": [0, 1],
        "history": {"val_accuracy": [[0.3, 0.6], [0.5, None]], "loss": [[2.0, 1.0], [1.5, 1.0]]},
    },
}

STEP: JsonObject = {
    "id": ID,
    "name": "plain",
    "status": "succeeded",
    "accuracy": 0.9667,
    "val_accuracy": 0.97,
    "accuracy_gain": None,
    "val_accuracy_gain": None,
    "patch": None,
    "changed": None,
    "notes": "",
}
LINEAGE = {
    "items": [
        STEP,
        {
            **STEP,
            "id": OTHER_ID,
            "accuracy": 0.9889,
            "accuracy_gain": 0.0222,
            "changed": "training.epochs: 2 -> 5",
            "notes": "longer",
        },
    ],
    "summary": "96.7 % -> 98.9 %",
    "note": None,
    "children": [{"id": ID[::-1], "name": "next", "status": "running"}],
}


def worker(**changes: Any) -> JsonObject:
    return {
        "name": "lab:7",
        "hostname": "lab",
        "pid": 7,
        "device": {"kind": "cpu", "name": "AMD EPYC 7B13", "memory": None, "uuid": None, "bfloat16": False},
        "devices": 1,
        "cores": 2,
        "memory": {"used_bytes": 2_600_000_000, "total_bytes": 8_200_000_000},
        "trainer_bytes": 900_000_000,
        "seen_at": 1763842500.5,
        "draining": None,
        "activities": [],
        "experiments": [],
        **changes,
    }


def activity(kind: str = "training", **changes: Any) -> JsonObject:
    return {
        "kind": kind,
        "dataset": "digits",
        "experiment_id": ID,
        "name": "digits-cnn",
        "done": 0.25,
        "epoch": 4,
        "epochs": 20,
        "eta_seconds": 61.0,
        **changes,
    }


def queued(**changes: Any) -> JsonObject:
    return {
        "id": ID,
        "name": "digits-cnn",
        "dataset": "digits",
        "status": "queued",
        "priority": 0,
        "sweep": None,
        "created_at": "2026-11-22T20:15:00Z",
        "worker": None,
        "preempted_by_priority": None,
        "progress": None,
        "waits_because": None,
        "starts_in_seconds": None,
        "ends_in_seconds": None,
        **changes,
    }


def queue(
    *waiting: JsonObject, running: tuple[JsonObject, ...] = (), more: int = 0, paused: bool = False
) -> JsonObject:
    count, items = len(waiting) + more, list(waiting)
    shown: JsonObject = {"depth": count, "queued": count, "items": items, "running": list(running)}
    return {"paused": paused, **shown, "next_cursor": None}


DISK: JsonObject = {
    "total_bytes": 64_000_000_000,
    "free_bytes": 12_300_000_000,
    "store_bytes": 1_250_000_000,
    "experiments_bytes": 850_000_000,
    "datasets_bytes": 399_999,
    "largest_experiments": [{"id": ID, "name": "digits-cnn", "bytes": 4_200_000}],
    "largest_datasets": [],
    "retention": {
        "older_than_days": 90.0,
        "keep_newest": None,
        "max_bytes": 20_000_000_000,
        "last": {"at": "2026-11-22T20:15:00Z", "removed": 2, "removed_bytes": 5_000_000, "kept": 1},
    },
}

MODEL: JsonObject = {
    "experiment_id": ID,
    "dataset": "digits",
    "name": "digits-cnn",
    "accuracy": 0.99,
    "val_accuracy": 0.9875,
}
PREDICTION: JsonObject = {
    "id": PREDICTION_ID,
    "filename": "four.png",
    "top": [{"label": "4", "index": 4, "probability": 0.981}, {"label": "9", "index": 9, "probability": 0.015}],
    "margin": 0.966,
    "verdict": "not_a_digit",
    "preprocessing": {"steps": ["grayscale"]},
}
PREDICTIONS = {"model": MODEL, "predictions": [PREDICTION], "duration_ms": 1.2}
PNG = "iVBORw0KGgo="
OCCLUSION: JsonObject = {
    "method": "occlusion",
    "label": "4",
    "index": 4,
    "probability": 0.981,
    "patch": 9,
    "stride": 3,
    "background": [0],
    "drops": [[0.5, 0.0], [-0.2, 0.27]],
    "most_important": {
        "row": 0,
        "column": 0,
        "region": "upper_left",
        "probability": 0.481,
        "answer": {"label": "9", "index": 9, "probability": 0.5},
    },
    "image": f"data:image/png;base64,{PNG}",
}
EXPLANATION = {"model": MODEL, "explanation": OCCLUSION, "duration_ms": 9.5}
LABELED = {
    "prediction_id": PREDICTION_ID,
    "experiment_id": ID,
    "predicted": "4",
    "probability": 0.981,
    "label": "9",
    "dataset": "digits-corrections",
}
LABELED_SAMPLE = {
    "source": "digits",
    "sample": 1684,
    "true": "4",
    "predicted": "9",
    "label": "9",
    "dataset": "digits-corrections",
}
BATCH_END: JsonObject = {"done": True, "images": 2, "unreadable": 1, "skipped": 0, "duration_ms": 3.5}
BATCH: list[JsonObject] = [{"model": MODEL}, PREDICTION, {"filename": "ä.png", "error": "it is torn"}, BATCH_END]


def items(*found: JsonObject) -> JsonObject:
    return {"items": list(found), "next_cursor": None}
