"""Calibration of a network's probabilities: temperature scaling, and the threshold of confident answers."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.metrics import calibration_bins, calibration_error
from models_store.evaluations.evaluation import Calibration
from serving.session import apply_temperature
from worker.data import Labels

Probabilities = NDArray[np.float32]
_TEMPERATURES = (0.2, 10.0)
_MAX_ERROR_RATE = 0.005  # of the confident validation samples
_MIN_CONFIDENCE = 0.9
_NEVER = 2.0  # a threshold above any probability
_MIN_PROBABILITY = 1e-30  # for those that float32 rounds to 0


def fit_temperature(probabilities: Probabilities, truth: Labels) -> float:
    """The temperature, 0.2 to 10, that minimizes the cross-entropy (Guo et al. 2017, On Calibration of Modern Neural
    Networks, section 4.2); above 1 for an overconfident network.

    `probabilities` (samples, classes), `truth` (samples,) class indices of samples that were not trained on.
    """

    from scipy.optimize import minimize_scalar  # noqa: PLC0415 - half the start of an evaluation, which fits nothing

    def cross_entropy(log_temperature: float) -> float:
        tempered = temper(probabilities, float(np.exp(log_temperature)))
        return float(-np.log(np.maximum(tempered[rows, truth], _MIN_PROBABILITY)).mean())

    rows = np.arange(len(truth))
    found = minimize_scalar(cross_entropy, bounds=np.log(_TEMPERATURES), method="bounded", options={"xatol": 1e-3})
    return float(np.exp(found.x))


def temper(probabilities: Probabilities, temperature: float) -> NDArray[np.float64]:
    """(samples, classes) with `temperature` applied as the service does, but in float64 and without zeros."""
    return apply_temperature(np.maximum(probabilities, _MIN_PROBABILITY, dtype=np.float64), temperature)


class Confidence(NamedTuple):
    """An answer with a probability of at least `threshold` is confident. `error_rate` is the share of wrong ones among
    the confident answers of the validation split. No answer is confident if the threshold is above 1."""

    threshold: float
    error_rate: float


def fit_confidence(probabilities: NDArray[np.float64], truth: Labels) -> Confidence:
    """The lowest threshold, 0.9 or more, with at most 0.5 % wrong answers above it.

    `probabilities` (samples, classes), tempered; `truth` (samples,) class indices of samples that were not trained on.
    """
    # As they are served.
    confidence = probabilities.max(axis=1).astype(np.float32).astype(np.float64).round(6)
    order = np.argsort(-confidence, kind="stable")
    confidence, wrong = confidence[order], (probabilities.argmax(axis=1) != truth)[order]
    rates = wrong.cumsum() / np.arange(1, len(wrong) + 1)
    # Samples of equal confidence are on the same side of any threshold.
    is_end = np.append(confidence[1:] < confidence[:-1], True)
    allowed = np.flatnonzero(is_end & (rates <= _MAX_ERROR_RATE) & (confidence >= _MIN_CONFIDENCE))
    if not len(allowed):
        return Confidence(threshold=_NEVER, error_rate=0.0)
    last = allowed[-1]
    followed = last + 1 < len(confidence) and confidence[last + 1] >= _MIN_CONFIDENCE
    return Confidence(float(confidence[last]) if followed else _MIN_CONFIDENCE, float(rates[last]))


def measure_calibration(probabilities: Probabilities, truth: Labels, temperature: float) -> Calibration:
    """The expected calibration error and the bins of a reliability diagram, as the network answers and with
    `temperature`.

    `probabilities` (samples, classes), `truth` (samples,) class indices.
    """
    before = calibration_bins(probabilities, truth)
    after = calibration_bins(temper(probabilities, temperature), truth)
    return Calibration(
        temperature=temperature,
        error=calibration_error(before),
        tempered_error=calibration_error(after),
        bins=before,
        tempered_bins=after,
    )
