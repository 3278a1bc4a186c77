"""The metrics of predictions with known classes, and the bins of a reliability diagram.

numpy alone computes them, because importing scikit-learn takes a second; tests compare them with scikit-learn's.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models_store.evaluations.evaluation import CalibrationBin, ClassMetrics, ConfusionMatrix, MeanMetrics, Metrics

Classes = NDArray[np.int64]
Probabilities = NDArray[np.floating[Any]]
Values = NDArray[np.float64]
_TOP = 3
_MIN_PROBABILITY = 1e-7  # probabilities are clipped as Keras does
_BINS = 15  # as Guo et al.


def compute_metrics(
    probabilities: Probabilities, truth: Classes, labels: Sequence[str], predicted: Classes | None = None
) -> Metrics:
    """Of `probabilities` (samples, classes) for the class indices `truth` (samples,); the classes are called `labels`.

    `predicted` (samples,) are the predicted classes, by default the most probable ones. A class without samples is left
    out of the macro mean, as of the balanced accuracy.
    """
    classes = len(labels)
    predicted = probabilities.argmax(axis=1) if predicted is None else predicted
    matrix = np.bincount(truth * classes + predicted, minlength=classes**2).reshape(classes, classes)
    right, support, answers = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    per_class = np.stack([_ratio(right, answers), _ratio(right, support), _ratio(2 * right, support + answers)])
    means = np.nan_to_num(per_class[:, support > 0])
    macro = _means(means.mean(axis=1))
    return Metrics(
        samples=len(truth),
        loss=_loss(probabilities, truth),
        accuracy=float(np.mean(predicted == truth)),
        balanced_accuracy=macro.recall,
        top_3_accuracy=_top_accuracy(probabilities, truth),
        macro=macro,
        weighted=_means(np.average(means, axis=1, weights=support[support > 0])),
        per_class=tuple(
            ClassMetrics(
                label=label, support=count, precision=_defined(precision), recall=_defined(recall), f1=_defined(f1)
            )
            for label, count, (precision, recall, f1) in zip(
                labels, support.tolist(), per_class.T.tolist(), strict=True
            )
        ),
        confusion_matrix=ConfusionMatrix(labels=tuple(labels), matrix=tuple(map(tuple, matrix.tolist()))),
    )


def calibration_bins(
    probabilities: Probabilities, truth: Classes, predicted: Classes | None = None
) -> tuple[CalibrationBin, ...]:
    """Fifteen bins of equal width, without the empty ones. Parameters as of `compute_metrics`."""
    predicted = probabilities.argmax(axis=1) if predicted is None else predicted
    confidence = probabilities[np.arange(len(truth)), predicted].astype(np.float64)
    right = predicted == truth
    numbers = np.clip(np.ceil(confidence * _BINS).astype(int) - 1, 0, _BINS - 1)
    return tuple(
        CalibrationBin(
            lower=number / _BINS,
            upper=(number + 1) / _BINS,
            samples=int(members.sum()),
            confidence=float(confidence[members].mean()),
            accuracy=float(right[members].mean()),
        )
        for number in range(_BINS)
        if (members := numbers == number).any()
    )


def calibration_error(bins: Sequence[CalibrationBin]) -> float:
    """Guo et al. 2017, On Calibration of Modern Neural Networks, equation 3: the gap between confidence and accuracy,
    averaged over the samples."""
    gaps = sum(each.samples * abs(each.confidence - each.accuracy) for each in bins)
    return gaps / sum(each.samples for each in bins)


def _ratio(numerator: Classes, denominator: Classes) -> Values:
    """NaN without a denominator."""
    undefined = np.full(len(numerator), np.nan)
    return np.asarray(np.divide(numerator, denominator, out=undefined, where=denominator > 0))


def _defined(metric: float) -> float | None:
    return None if math.isnan(metric) else metric


def _means(values: Values) -> MeanMetrics:
    precision, recall, f1 = values.tolist()
    return MeanMetrics(precision=precision, recall=recall, f1=f1)


def _loss(probabilities: Probabilities, truth: Classes) -> float:
    """Cross-entropy in nats."""
    clipped = np.clip(probabilities.astype(np.float64), _MIN_PROBABILITY, 1.0)
    return float(-np.log(clipped[np.arange(len(truth)), truth] / clipped.sum(axis=1)).mean())


def _top_accuracy(probabilities: Probabilities, truth: Classes) -> float:
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :_TOP]
    return float(np.mean((best == truth[:, None]).any(axis=1)))
