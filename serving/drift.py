"""Drift: whether a model is asked about other data than it was validated on.

Without labels its accuracy on them is unknown, but a network whose inputs change answers other classes: of the tests
that Rabanser et al. 2019, Failing Loudly: An Empirical Study of Methods for Detecting Dataset Shift, compare, those on
the network's own outputs detect most kinds of shift. Here it is their test on the predicted classes (BBSDh): Pearson's
chi-square test of homogeneity.
"""

import math
from collections.abc import Mapping
from threading import Lock
from typing import NamedTuple

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray
from pydantic import BaseModel

from models_store.errors import Damaged, NotFound
from models_store.evaluations.predictions import Predictions
from models_store.experiments.store import ExperimentStore
from models_store.models.serving_info import ServingInfo, read_serving_info
from serving.session import apply_temperature

# Below this many predictions for each class the chi-square distribution does not hold (Cochran 1954, Some Methods for
# Strengthening the Common Chi-Square Tests).
_MIN_PER_CLASS = 5
# Of many predictions any difference is significant: a shift must be large as well.
_MAX_P, _MIN_DISTANCE = 0.01, 0.1
_CACHED = 200


class Baseline(NamedTuple):
    """Of the validation split: how often each class was predicted, (classes,), and the share of confident answers."""

    predicted: NDArray[np.int64]
    confident_share: float


class Drift(BaseModel):
    """The difference between the predicted classes and those of the validation split: the Jensen-Shannon `distance` of
    their shares, from 0 to 1, and the probability `p` that so large a difference is chance. `is_drifting`: p is below
    0.01 and the distance at least 0.1."""

    distance: float
    p: float
    is_drifting: bool


def measure_baseline(predictions: Predictions, info: ServingInfo) -> Baseline:
    """`predictions` are those of the validation split."""
    probabilities = apply_temperature(predictions.probabilities.astype(np.float32), info.temperature)
    confident = probabilities.max(axis=1) >= info.confident_from
    return Baseline(np.bincount(predictions.predicted, minlength=len(info.labels)), float(confident.mean()))


def measure_drift(predicted: Mapping[int, int], baseline: Baseline) -> Drift | None:
    """`predicted` counts by class, an index. None for fewer than five predictions a class."""
    classes = len(baseline.predicted)
    counts = np.array([predicted.get(each, 0) for each in range(classes)])
    if counts.sum() < _MIN_PER_CLASS * classes or not baseline.predicted.sum():
        return None
    distance, p = _distance(counts, baseline.predicted), _chi_square_p(counts, baseline.predicted)
    return Drift(distance=distance, p=p, is_drifting=p < _MAX_P and distance >= _MIN_DISTANCE)


def _distance(counts: NDArray[np.int64], others: NDArray[np.int64]) -> float:
    """Lin 1991, Divergence Measures Based on the Shannon Entropy, in bits; its square root is a metric."""
    shares = np.stack([counts / counts.sum(), others / others.sum()])
    mean = shares.mean(axis=0)
    return math.sqrt(max(0.0, _entropy(mean) - (_entropy(shares[0]) + _entropy(shares[1])) / 2))


def _entropy(shares: NDArray[np.float64]) -> float:
    there = shares[shares > 0]
    return float(-(there * np.log2(there)).sum())


def _chi_square_p(counts: NDArray[np.int64], others: NDArray[np.int64]) -> float:
    from scipy.special import chdtrc  # noqa: PLC0415 - takes longer to import than the service to start

    table = np.stack([counts, others])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2:
        return 1.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return float(chdtrc(table.shape[1] - 1, ((table - expected) ** 2 / expected).sum()))


class Baselines:
    """The baselines of published models, which never change. Safe for any number of threads."""

    def __init__(self, experiments: ExperimentStore) -> None:
        self._experiments = experiments
        self._known: LRUCache[str, Baseline] = LRUCache(_CACHED)
        self._lock = Lock()

    def get(self, experiment_id: str) -> Baseline | None:
        """None where its predictions for the validation split are missing or damaged."""
        with self._lock:
            baseline = self._known.get(experiment_id)
        if baseline is None:
            try:
                info = read_serving_info(self._experiments.artifacts(experiment_id))
                baseline = measure_baseline(self._experiments.predictions(experiment_id, "validation"), info)
            except (NotFound, Damaged):
                return None
            with self._lock:
                self._known[experiment_id] = baseline
        return baseline
