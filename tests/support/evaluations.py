"""Evaluations made from a confusion matrix."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from models_store.evaluations.evaluation import (
    Calibration,
    CalibrationBin,
    ClassMetrics,
    ConfusionMatrix,
    CrossDatasetEvaluation,
    Evaluation,
    MeanMetrics,
    Metrics,
)
from specs.splits import SPLITS, SplitName


def metrics_of(matrix: Sequence[Sequence[int]] = ((5, 0), (0, 5)), labels: Sequence[str] = ()) -> Metrics:
    """Of such a confusion matrix. Top-3 accuracy and loss are made up."""
    counts = np.asarray(matrix)
    right, support, predicted = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    recall, precision = (right / np.maximum(1, total) for total in (support, predicted))
    f1 = 2 * right / np.maximum(1, support + predicted)
    by_class = {"precision": precision, "recall": recall, "f1": f1}
    accuracy = float(np.trace(counts) / counts.sum())
    names = tuple(labels) or tuple(map(str, range(len(counts))))
    return Metrics(
        samples=int(counts.sum()),
        loss=1 - accuracy,
        accuracy=accuracy,
        balanced_accuracy=float(recall[support > 0].mean()),
        top_3_accuracy=accuracy,
        macro=MeanMetrics(**{name: float(values.mean()) for name, values in by_class.items()}),
        weighted=MeanMetrics(**{name: float(np.average(each, weights=support)) for name, each in by_class.items()}),
        per_class=tuple(
            ClassMetrics(
                label=name, support=int(support[row]), **{kind: float(by_class[kind][row]) for kind in by_class}
            )
            for row, name in enumerate(names)
        ),
        confusion_matrix=ConfusionMatrix(labels=names, matrix=tuple(map(tuple, counts.tolist()))),
    )


def calibration_of(metrics: Metrics) -> Calibration:
    bins = (CalibrationBin(lower=0.8, upper=1.0, samples=metrics.samples, confidence=0.9, accuracy=metrics.accuracy),)
    error = abs(metrics.accuracy - 0.9)
    return Calibration(temperature=1.5, error=error, tempered_error=error, bins=bins, tempered_bins=bins)


def evaluation_of(
    split: SplitName = "test",
    matrix: Sequence[Sequence[int]] = ((5, 0), (0, 5)),
    labels: Sequence[str] = (),
    **changed: Any,
) -> Evaluation:
    metrics = metrics_of(matrix, labels).model_copy(update=changed)
    return Evaluation(**dict(metrics), split=split, calibration=calibration_of(metrics), training_precision="float32")


def evaluations_of(**accuracies: float) -> dict[SplitName, Evaluation]:
    """Of a network with these accuracies on 1,000 samples of each split."""
    found: dict[SplitName, Evaluation] = {}
    for split in SPLITS:
        if split in accuracies:
            right = round(500 * accuracies[split])
            found[split] = evaluation_of(split, [[right, 500 - right], [500 - right, right]])
    return found


def cross_dataset_evaluation_of(dataset: str, **changed: Any) -> CrossDatasetEvaluation:
    metrics = metrics_of().model_copy(update=changed)
    return CrossDatasetEvaluation(**dict(metrics), dataset=dataset, split="all", calibration=calibration_of(metrics))
