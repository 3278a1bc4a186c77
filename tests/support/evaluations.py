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
    """All classes are equally good at precision, recall and F1: as good as the accuracy is."""
    counts = np.asarray(matrix)
    accuracy = float(np.trace(counts) / counts.sum())
    names = tuple(labels) or tuple(map(str, range(len(counts))))
    mean = MeanMetrics(precision=accuracy, recall=accuracy, f1=accuracy)
    return Metrics(
        samples=int(counts.sum()),
        loss=1 - accuracy,
        accuracy=accuracy,
        balanced_accuracy=accuracy,
        top_3_accuracy=accuracy,
        macro=mean,
        weighted=mean,
        per_class=tuple(
            ClassMetrics(label=name, support=support, **dict(mean))
            for name, support in zip(names, counts.sum(axis=1).tolist(), strict=True)
        ),
        confusion_matrix=ConfusionMatrix(labels=names, matrix=tuple(map(tuple, counts.tolist()))),
    )


def calibration_of(metrics: Metrics) -> Calibration:
    bins = (CalibrationBin(lower=0.8, upper=1.0, samples=metrics.samples, confidence=0.9, accuracy=metrics.accuracy),)
    error = abs(metrics.accuracy - 0.9)
    return Calibration(temperature=1.5, error=error, tempered_error=error, bins=bins, tempered_bins=bins)


def evaluation_of(
    split: SplitName = "test", matrix: Sequence[Sequence[int]] = ((5, 0), (0, 5)), **changed: Any
) -> Evaluation:
    metrics = metrics_of(matrix).model_copy(update=changed)
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
