"""Against scikit-learn's own temperature scaling, and against sums done by hand."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from worker.evaluation.calibration import fit_confidence, fit_temperature, measure_calibration, temper


def overconfident(samples: int = 600, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Truth is drawn from softmax(logits); the network says softmax(2.5 x logits)."""
    generator = np.random.default_rng(7)
    logits = generator.normal(0, 1.2, (samples, classes))
    truth = np.array([generator.choice(classes, p=softmax(row)) for row in logits])
    return np.array([softmax(2.5 * row) for row in logits], dtype=np.float32), truth


def softmax(row: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(row) / np.exp(row).sum())


class Answers(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier whose samples are its answers."""

    def __init__(self, classes: int = 4) -> None:
        self.classes = classes
        self.classes_ = np.arange(classes)

    def fit(self, _x: np.ndarray, _y: np.ndarray) -> "Answers":
        return self

    def decision_function(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(np.log(x))

    def predict(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(x.argmax(axis=1))

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        return x


def test_overconfident_temperature_is_found() -> None:
    predicted, truth = overconfident(4000)

    assert fit_temperature(predicted, truth) == pytest.approx(2.5, rel=0.08)


def test_temperature_agrees_with_scikit_learn() -> None:
    predicted, truth = overconfident()
    theirs = CalibratedClassifierCV(FrozenEstimator(Answers()), method="temperature").fit(predicted, truth)

    temperature = fit_temperature(predicted, truth)

    ours = temper(predicted, temperature)
    assert ours == pytest.approx(theirs.predict_proba(predicted), abs=2e-3)


def test_extreme_temperatures_stay_within_bounds() -> None:
    sure = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)

    assert 0.19 < fit_temperature(sure, np.array([0, 1])) < 10.01
    assert 0.19 < fit_temperature(sure, np.array([1, 0])) < 10.01


def test_temperature_keeps_the_order_of_classes() -> None:
    predicted, _ = overconfident(50)

    assert temper(predicted, 1.0) == pytest.approx(predicted, abs=1e-6)
    assert np.array_equal(temper(predicted, 3.0).argmax(axis=1), predicted.argmax(axis=1))


def test_calibration_error_equals_a_hand_computed_one() -> None:
    predicted = np.array([[0.62, 0.38], [0.64, 0.36], [0.05, 0.95], [0.97, 0.03], [0.5, 0.5]], dtype=np.float32)
    truth = np.array([0, 1, 1, 0, 0])
    # Bins of 1/15: 0.62 and 0.64 in (9/15, 10/15], 0.95 and 0.97 in (14/15, 1], 0.5 in (7/15, 8/15].
    by_hand = (2 * abs(0.63 - 0.5) + 2 * abs(0.96 - 1.0) + 1 * abs(0.5 - 1.0)) / 5

    found = measure_calibration(predicted, truth, 1.0)

    assert found.error == pytest.approx(by_hand, abs=1e-6)
    assert found.tempered_error == pytest.approx(by_hand, abs=1e-6)
    assert [(each.samples, each.accuracy) for each in found.bins] == [(1, 1.0), (2, 0.5), (2, 1.0)]
    assert [each.lower for each in found.bins] == pytest.approx([7 / 15, 9 / 15, 14 / 15])


def test_bins_include_certainty_and_cover_all_samples() -> None:
    predicted = np.array([[1.0, 0.0], [1 / 15, 14 / 15]], dtype=np.float64)

    bins = measure_calibration(predicted.astype(np.float32), np.array([0, 1]), 1.0).bins

    assert bins[-1].upper == 1.0
    assert sum(each.samples for each in bins) == 2


def test_temperature_calibrates_overconfident_network() -> None:
    predicted, truth = overconfident(4000)

    found = measure_calibration(predicted, truth, fit_temperature(predicted, truth))

    assert found.error > 0.1
    assert found.tempered_error < 0.03


def answers(*confidences: float) -> np.ndarray:
    return np.array([[each, 1 - each] for each in confidences])


def test_confident_answers_have_few_errors() -> None:
    # By hand: 400 right at 0.99, then one wrong at 0.97 (1 of 401), 100 right at 0.96 (1 of 501), two wrong at 0.95
    # (3 of 503 are too many), and far more right ones below.
    probabilities = answers(*[0.99] * 400, 0.97, *[0.96] * 100, 0.95, 0.95, *[0.93] * 50)
    truth = np.array([0] * 400 + [1] + [0] * 100 + [1, 1] + [0] * 50)
    shuffled = np.random.default_rng(0).permutation(len(truth))

    threshold, error_rate = fit_confidence(probabilities[shuffled], truth[shuffled])

    assert threshold == pytest.approx(0.96)
    assert error_rate == pytest.approx(1 / 501)


def test_equal_confidences_are_on_one_side() -> None:
    probabilities = answers(*[0.99] * 10, *[0.95] * 10)
    truth = np.array([0] * 10 + [0] * 9 + [1])

    assert tuple(fit_confidence(probabilities, truth)) == pytest.approx((0.99, 0.0))


def test_threshold_includes_its_own_answer() -> None:
    probabilities = answers(*[0.9123454] * 10, 0.9101)
    threshold, _ = fit_confidence(probabilities, np.array([0] * 10 + [1]))

    assert round(float(np.float32(0.9123454)), 6) >= threshold


def test_no_answer_is_confident_below_nine_tenths() -> None:
    assert fit_confidence(answers(0.99, 0.8, 0.7), np.zeros(3, int)) == (0.9, 0.0)
    assert fit_confidence(answers(0.8, 0.7), np.zeros(2, int)) == (2.0, 0.0)
    assert fit_confidence(answers(0.99, 0.98), np.ones(2, int)) == (2.0, 0.0)
