"""The figures of one part, by scikit-learn."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support, recall_score

from worker.data import Labels
from worker.evaluation.calibration import Probabilities

_NAMES = ("precision", "recall", "f1")


def figures(predicted: Probabilities, truth: Labels, labels: Sequence[str]) -> dict[str, Any]:
    """`predicted` (samples, classes) for the class indices `truth` (samples,); the classes are called `labels`.

    A class without samples counts as 0 in the macro mean, as scikit-learn has it, and not in the balanced accuracy.
    """
    indices = list(range(len(labels)))
    guesses = predicted.argmax(axis=1)
    per_class = precision_recall_fscore_support(truth, guesses, labels=indices, zero_division=0.0)
    present = np.unique(truth)
    return {
        "samples": len(truth),
        "loss": _loss(truth, predicted, indices),
        "accuracy": float(np.mean(guesses == truth)),
        "balanced_accuracy": float(recall_score(truth, guesses, labels=present, average="macro", zero_division=0.0)),
        "top_3_accuracy": _top_accuracy(truth, predicted, 3),
        "macro": _mean(truth, guesses, indices, "macro"),
        "weighted": _mean(truth, guesses, indices, "weighted"),
        "per_class": [
            {"label": label, **dict(zip(_NAMES, map(float, row[:3]), strict=True)), "support": int(row[3])}
            for label, row in zip(labels, zip(*per_class, strict=True), strict=True)
        ],
        "confusion_matrix": {
            "labels": list(labels),
            "matrix": confusion_matrix(truth, guesses, labels=indices).tolist(),
        },
    }


def _loss(truth: Labels, predicted: Probabilities, indices: list[int]) -> float:
    """Cross-entropy in nats, probabilities clipped at 1e-7 as Keras does."""
    clipped = np.clip(predicted.astype(np.float64), 1e-7, 1.0)
    return float(log_loss(truth, clipped / clipped.sum(axis=1, keepdims=True), labels=indices))


def _top_accuracy(truth: Labels, predicted: Probabilities, k: int) -> float:
    best = np.argsort(-predicted, axis=1, kind="stable")[:, :k]
    return float(np.mean((best == truth[:, None]).any(axis=1)))


def _mean(truth: Labels, guesses: Labels, indices: list[int], average: str) -> dict[str, float]:
    row = precision_recall_fscore_support(truth, guesses, labels=indices, average=average, zero_division=0.0)
    return dict(zip(_NAMES, map(float, row[:3]), strict=True))
