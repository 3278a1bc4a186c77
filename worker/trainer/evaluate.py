"""How good the published network is, part by part, by scikit-learn."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from models_store.records import Metrics
from worker.trainer.data import Images, Labels, Part

_BATCH = 512
_FIGURES = ("precision", "recall", "f1")


def probabilities(model: keras.Model, images: Images) -> NDArray[np.float32]:
    """(samples, classes), float32; each row sums to 1."""
    return np.asarray(model.predict(images, batch_size=_BATCH, verbose=0), dtype=np.float32)


def evaluate(model: keras.Model, part: Part, labels: Sequence[str], name: str) -> dict[str, Any]:
    """Return the figures of one part, as `GET /experiments/{id}/evaluation` answers them."""
    predicted = probabilities(model, part.images)
    indices = list(range(len(labels)))
    guesses = predicted.argmax(axis=1)
    per_class = precision_recall_fscore_support(part.labels, guesses, labels=indices, zero_division=0.0)
    return {
        "part": name,
        "samples": len(part.labels),
        "loss": _loss(part.labels, predicted, indices),
        "accuracy": float(np.mean(guesses == part.labels)),
        "top_3_accuracy": _top_accuracy(part.labels, predicted, 3),
        "macro": _mean(part.labels, guesses, indices, "macro"),
        "weighted": _mean(part.labels, guesses, indices, "weighted"),
        "per_class": [
            {"label": label, **dict(zip(_FIGURES, map(float, row[:3]), strict=True)), "support": int(row[3])}
            for label, row in zip(labels, zip(*per_class, strict=True), strict=True)
        ],
        "confusion_matrix": {
            "labels": list(labels),
            "matrix": confusion_matrix(part.labels, guesses, labels=indices).tolist(),
        },
    }


def summary(evaluation: dict[str, Any], prefix: str = "") -> Metrics:
    return {f"{prefix}{name}": evaluation[name] for name in ("loss", "accuracy")}


def _loss(truth: Labels, predicted: NDArray[np.float32], indices: list[int]) -> float:
    """Cross-entropy in nats, probabilities clipped at 1e-7 as Keras does."""
    clipped = np.clip(predicted.astype(np.float64), 1e-7, 1.0)
    return float(log_loss(truth, clipped / clipped.sum(axis=1, keepdims=True), labels=indices))


def _top_accuracy(truth: Labels, predicted: NDArray[np.float32], k: int) -> float:
    best = np.argsort(-predicted, axis=1, kind="stable")[:, :k]
    return float(np.mean((best == truth[:, None]).any(axis=1)))


def _mean(truth: Labels, guesses: Labels, indices: list[int], average: str) -> dict[str, float]:
    row = precision_recall_fscore_support(truth, guesses, labels=indices, average=average, zero_division=0.0)
    return dict(zip(_FIGURES, map(float, row[:3]), strict=True))
