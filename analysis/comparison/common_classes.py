"""Results of networks with different classes, restricted to the classes and samples that all of them have."""

from collections.abc import Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from analysis.comparison.pairing import NotComparable, list_labels, require_one_dataset
from analysis.comparison.results import Result
from models_store.evaluations.evaluation import ConfusionMatrix, Evaluation, MeanMetrics
from models_store.evaluations.predictions import Predictions
from specs.splits import SplitName

_TOP = 3
_BINS = 15  # as in worker/evaluation/calibration.py
_LEAST = 1e-7  # probabilities are stored in float16

Indices = NDArray[np.int64]
Probabilities = NDArray[np.float64]


def restrict(results: Sequence[Result], split: SplitName) -> tuple[list[Result], str | None]:
    """The results as they are if all have the same classes in the same order. Otherwise only samples of the common
    classes that lie in the split of every experiment, each predicted as the most probable of these classes, and a
    sentence that says so. Raises NotComparable if less than two classes or no samples are left."""
    first, *others = results
    if all(each.labels == first.labels for each in others):
        return list(results), None
    for each in others:
        require_one_dataset(first, each)
    common = [label for label in first.labels if all(label in each.labels for each in others)]
    if len(common) < 2:
        known = "; ".join(f"{each.name} has {list_labels(each.labels)}" for each in results)
        raise NotComparable(
            f"fewer than two classes are common to these experiments: {known}; compare experiments on the same classes"
        )
    samples = reduce(np.intersect1d, (_samples_of(each, common) for each in results))
    if not len(samples):
        raise NotComparable(
            f"no sample of the common classes lies in the {split} split of every experiment; give them the same "
            "`dataset.split`, or a dataset with an official test split"
        )
    return [_restricted(each, common, samples) for each in results], _note(common, len(samples), split)


def _note(common: Sequence[str], samples: int, split: SplitName) -> str:
    counted = "1 sample" if samples == 1 else f"{samples:,} samples"
    return (
        f"the experiments have different classes: compared on the {len(common)} common ones ({list_labels(common)}), "
        f"and on the {counted} of them that all {split} splits have; the most probable of these classes counts as "
        "predicted"
    )


def _samples_of(result: Result, common: Sequence[str]) -> Indices:
    is_common = np.isin(result.labels, common)
    return result.predictions.samples[is_common[result.predictions.truth]]


def _restricted(result: Result, common: Sequence[str], samples: Indices) -> Result:
    """In the order of `samples` and `common`."""
    predictions = result.predictions
    rows = np.flatnonzero(np.isin(predictions.samples, samples))
    rows = rows[np.argsort(predictions.samples[rows], kind="stable")]
    columns = np.array([result.labels.index(label) for label in common])
    places = np.full(len(result.labels), -1, dtype=np.int64)
    places[columns] = np.arange(len(common))
    truth = places[predictions.truth[rows]]
    probabilities = predictions.probabilities[rows][:, columns].astype(np.float64) + _LEAST
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    predicted = probabilities.argmax(axis=1)
    # The class that was predicted before rounding, where it is one of these.
    kept = places[predictions.predicted[rows]]
    predicted = np.where(kept >= 0, kept, predicted)
    return result._replace(
        evaluation=_evaluate(result.evaluation, common, truth, predicted, probabilities),
        predictions=Predictions(
            predictions.samples[rows],
            truth,
            predicted,
            probabilities.astype(np.float16),
            predictions.image_rows,
            predictions.images,
        ),
        split_rows=rows,
    )


def _evaluate(
    whole: Evaluation, common: Sequence[str], truth: Indices, predicted: Indices, probabilities: Probabilities
) -> Evaluation:
    """With those metrics that a comparison shows."""
    classes = len(common)
    matrix = np.bincount(truth * classes + predicted, minlength=classes**2).reshape(classes, classes)
    right, rows, columns = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    precision, recall = right / np.maximum(columns, 1), right / np.maximum(rows, 1)
    f1 = 2 * right / np.maximum(rows + columns, 1)
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :_TOP]
    return whole.model_copy(
        update={
            "samples": len(truth),
            "loss": float(-np.log(probabilities[np.arange(len(truth)), truth]).mean()),
            "accuracy": float(np.mean(predicted == truth)),
            "top_3_accuracy": float(np.mean((best == truth[:, None]).any(axis=1))),
            "macro": MeanMetrics(precision=float(precision.mean()), recall=float(recall.mean()), f1=float(f1.mean())),
            "confusion_matrix": ConfusionMatrix(labels=tuple(common), matrix=tuple(map(tuple, matrix.tolist()))),
            "calibration": whole.calibration.model_copy(
                update={"error": _calibration_error(truth, predicted, probabilities)}
            ),
        }
    )


def _calibration_error(truth: Indices, predicted: Indices, probabilities: Probabilities) -> float:
    """The expected calibration error of Guo et al. 2017."""
    confidence = probabilities[np.arange(len(truth)), predicted]
    bins = np.clip(np.ceil(confidence * _BINS).astype(np.int64) - 1, 0, _BINS - 1)
    gaps = np.bincount(bins, weights=confidence - (predicted == truth), minlength=_BINS)
    return float(np.abs(gaps).sum() / len(truth))
