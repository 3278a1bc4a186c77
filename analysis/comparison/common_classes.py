"""Results of networks with different classes, on the classes and samples that all of them have."""

from collections.abc import Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from analysis.comparison.pairing import NotComparable
from analysis.comparison.results import Result
from analysis.metrics import calibration_bins, calibration_error, compute_metrics
from models_store.evaluations.evaluation import ConfusionMatrix
from specs.splits import SplitName

_LISTED_CLASSES = 10
_LEAST = 1e-7  # probabilities are stored in float16

Indices = NDArray[np.int64]
Labels = Sequence[str]


def restrict(results: Sequence[Result], split: SplitName) -> tuple[list[Result], str | None]:
    """The results with their classes in the order of the first. If their classes differ, only samples of the common
    classes that lie in the split of every experiment, each predicted as the most probable of these classes, and a
    sentence that says so. Raises NotComparable if less than two classes or no samples are left."""
    first, *others = results
    for each in others:
        _require_one_dataset(first, each)
    common = [label for label in first.labels if all(label in each.labels for each in others)]
    if all(len(each.labels) == len(common) for each in results):
        return [_reordered(each, first.labels) for each in results], None
    if len(common) < 2:
        known = "; ".join(f"{each.name} has {_list_labels(each.labels)}" for each in results)
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


def _require_one_dataset(first: Result, other: Result) -> None:
    if first.record.dataset != other.record.dataset:
        raise NotComparable(
            f"{first.name} is on {first.record.dataset}, {other.name} on {other.record.dataset}: only experiments on "
            "one dataset can be compared"
        )
    if first.record.spec.dataset.blobs != other.record.spec.dataset.blobs:
        raise NotComparable(
            f"{first.name} and {other.name} are on different blobs: give both the same `dataset.blobs` to compare them"
        )


def _list_labels(labels: Sequence[str]) -> str:
    listed = ", ".join(labels[:_LISTED_CLASSES])
    return f"{listed} and {len(labels) - _LISTED_CLASSES} more" if len(labels) > _LISTED_CLASSES else listed


def _note(common: Labels, samples: int, split: SplitName) -> str:
    counted = "1 sample" if samples == 1 else f"{samples:,} samples"
    return (
        f"the experiments have different classes: compared on the {len(common)} common ones ({_list_labels(common)}), "
        f"and on the {counted} of them that all {split} splits have; the most probable of these classes counts as "
        "predicted"
    )


def _reordered(result: Result, labels: Labels) -> Result:
    """The same result with its classes in the order of `labels`."""
    if result.labels == tuple(labels):
        return result
    columns, places = _columns(result, labels)
    metrics, predictions = result.metrics, result.predictions
    matrix = np.array(metrics.confusion_matrix.matrix)[np.ix_(columns, columns)].tolist()
    return result._replace(
        metrics=metrics.model_copy(
            update={
                "per_class": tuple(metrics.per_class[column] for column in columns),
                "confusion_matrix": ConfusionMatrix(labels=tuple(labels), matrix=tuple(map(tuple, matrix))),
            }
        ),
        predictions=predictions._replace(
            truth=places[predictions.truth],
            predicted=places[predictions.predicted],
            probabilities=predictions.probabilities[:, columns],
        ),
    )


def _samples_of(result: Result, common: Labels) -> Indices:
    is_common = np.isin(result.labels, common)
    return result.predictions.samples[is_common[result.predictions.truth]]


def _restricted(result: Result, common: Labels, samples: Indices) -> Result:
    """In the order of `samples` and `common`."""
    predictions = result.predictions
    rows = np.flatnonzero(np.isin(predictions.samples, samples))
    rows = rows[np.argsort(predictions.samples[rows], kind="stable")]
    columns, places = _columns(result, common)
    truth = places[predictions.truth[rows]]
    probabilities = predictions.probabilities[rows][:, columns].astype(np.float64) + _LEAST
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    # The class that was predicted before rounding, where it is one of these.
    before = places[predictions.predicted[rows]]
    predicted = np.where(before >= 0, before, probabilities.argmax(axis=1))
    return result._replace(
        metrics=compute_metrics(probabilities, truth, common, predicted),
        calibration_error=calibration_error(calibration_bins(probabilities, truth, predicted)),
        predictions=predictions._replace(
            samples=predictions.samples[rows],
            truth=truth,
            predicted=predicted,
            probabilities=probabilities.astype(np.float16),
        ),
        split_rows=rows,
    )


def _columns(result: Result, labels: Labels) -> tuple[list[int], Indices]:
    """The index of each of `labels` in `result`, and for each of its classes the place in `labels`, -1 for others."""
    columns = [result.labels.index(label) for label in labels]
    places = np.full(len(result.labels), -1, dtype=np.int64)
    places[columns] = np.arange(len(labels))
    return columns, places
