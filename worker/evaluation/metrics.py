"""The metrics of a network on one split, computed by scikit-learn."""

import math
from collections.abc import Sequence

import numpy as np
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support, recall_score

from models_store.evaluations.evaluation import ClassMetrics, ConfusionMatrix, MeanMetrics, Metrics
from worker.data import Labels
from worker.evaluation.calibration import Probabilities


def compute_metrics(predicted: Probabilities, truth: Labels, labels: Sequence[str]) -> Metrics:
    """`predicted` (samples, classes) for the class indices `truth` (samples,); the classes are called `labels`.

    A class without samples is left out of the macro mean, as of the balanced accuracy.
    """
    indices = list(range(len(labels)))
    classes = predicted.argmax(axis=1)
    per_class = precision_recall_fscore_support(truth, classes, labels=indices, zero_division=np.nan)
    present = np.unique(truth).tolist()
    return Metrics(
        samples=len(truth),
        loss=_loss(truth, predicted, indices),
        accuracy=float(np.mean(classes == truth)),
        balanced_accuracy=float(recall_score(truth, classes, labels=present, average="macro", zero_division=0.0)),
        top_3_accuracy=_top_accuracy(truth, predicted, 3),
        macro=_mean(truth, classes, present, "macro"),
        weighted=_mean(truth, classes, present, "weighted"),
        per_class=tuple(
            ClassMetrics(
                label=label, precision=_defined(precision), recall=_defined(recall), f1=_defined(f1), support=support
            )
            for label, precision, recall, f1, support in zip(labels, *(row.tolist() for row in per_class), strict=True)
        ),
        confusion_matrix=ConfusionMatrix(
            labels=tuple(labels),
            matrix=tuple(map(tuple, confusion_matrix(truth, classes, labels=indices).tolist())),
        ),
    )


def _defined(metric: float) -> float | None:
    return None if math.isnan(metric) else metric


def _loss(truth: Labels, predicted: Probabilities, indices: list[int]) -> float:
    """Cross-entropy in nats, probabilities clipped at 1e-7 as Keras does."""
    clipped = np.clip(predicted.astype(np.float64), 1e-7, 1.0)
    return float(log_loss(truth, clipped / clipped.sum(axis=1, keepdims=True), labels=indices))


def _top_accuracy(truth: Labels, predicted: Probabilities, k: int) -> float:
    best = np.argsort(-predicted, axis=1, kind="stable")[:, :k]
    return float(np.mean((best == truth[:, None]).any(axis=1)))


def _mean(truth: Labels, classes: Labels, indices: list[int], average: str) -> MeanMetrics:
    precision, recall, f1, _ = precision_recall_fscore_support(
        truth, classes, labels=indices, average=average, zero_division=0.0
    )
    return MeanMetrics(precision=precision, recall=recall, f1=f1)
