from collections.abc import Callable

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency

from models_store.evaluations.predictions import build_predictions
from models_store.models.serving_info import ServingInfo
from models_store.store import Store
from serving.drift import Baseline, Baselines, measure_baseline, measure_drift
from specs.dataset import DATASETS
from specs.experiment import ExperimentSpec
from tests.support.published import publish, results_on

EVEN = Baseline(np.full(10, 100), 0.9)


def drawn(shares: list[float], samples: int, seed: int = 0) -> dict[int, int]:
    counts = np.random.default_rng(seed).multinomial(samples, shares)
    return dict(enumerate(counts.tolist()))


def test_measures_agree_with_scipy() -> None:
    counts = drawn([0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.05, 0.03, 0.02, 0.0], 500)
    drift = measure_drift(counts, EVEN)
    assert drift is not None
    table = [list(counts.values()), EVEN.predicted.tolist()]
    assert drift.distance == pytest.approx(jensenshannon(*table, base=2))
    assert drift.p == pytest.approx(chi2_contingency(table, correction=False).pvalue)


def test_other_classes_are_a_drift() -> None:
    drift = measure_drift(drawn([0.5, 0.5, *[0.0] * 8], 200), EVEN)
    assert drift is not None
    assert drift.is_drifting


@pytest.mark.parametrize("samples", [50, 200, 100_000])
def test_same_shares_are_no_drift(samples: int) -> None:
    drifts = [measure_drift(drawn([0.1] * 10, samples, seed), EVEN) for seed in range(20)]
    assert not any(each.is_drifting for each in drifts if each)
    assert all(drifts)


def test_small_shift_of_many_is_no_drift() -> None:
    """It is significant, but small."""
    drift = measure_drift(drawn([0.11, 0.09, *[0.1] * 8], 1_000_000), Baseline(np.full(10, 100_000), 0.9))
    assert drift is not None
    assert drift.p < 0.01
    assert not drift.is_drifting


def test_drift_is_unknown_for_few_predictions() -> None:
    assert measure_drift({}, EVEN) is None
    assert measure_drift({0: 49}, EVEN) is None
    assert measure_drift({0: 50}, EVEN) is not None


def test_only_class_that_is_ever_predicted_is_no_drift() -> None:
    drift = measure_drift({0: 100}, Baseline(np.array([50, 0]), 1.0))
    assert drift is not None
    assert (drift.distance, drift.p, drift.is_drifting) == (0.0, 1.0, False)


def test_baseline_counts_confident_answers_as_served() -> None:
    probabilities = np.array([[0.95, 0.05], [0.8, 0.2], [0.3, 0.7], [0.06, 0.94]], dtype=np.float32)
    kept = build_predictions(np.arange(4), np.zeros(4, int), probabilities, np.zeros((4, 2), np.float32))
    info = ServingInfo(dataset="blobs", labels=("a", "b"), image_shape=(2,), input_name="x", probe=(0.5, 0.5))
    baseline = measure_baseline(kept, info)
    assert (baseline.predicted.tolist(), baseline.confident_share) == ([2, 2], 0.5)
    # Odds of 19 and 15.7 to the power of 1/2 are 4.4 and 4.
    assert measure_baseline(kept, info.model_copy(update={"temperature": 2.0})).confident_share == 0.0
    cooler = info.model_copy(update={"temperature": 2.0, "confident_from": 0.81})
    assert measure_baseline(kept, cooler).confident_share == 0.25


def test_baseline_is_that_of_the_validation_split(store: Store, tiny_spec: Callable[..., ExperimentSpec]) -> None:
    record = publish(store, tiny_spec(), results=results_on(DATASETS["digits"], 0.8))
    baselines = Baselines(store.experiments)
    baseline = baselines.get(record.id)
    assert baseline is not None
    matrix = store.experiments.evaluation(record.id, "validation").confusion_matrix.matrix
    assert baseline.predicted.tolist() == np.sum(matrix, axis=0).tolist()
    assert baselines.get(record.id) is baseline


def test_model_without_predictions_has_no_baseline(store: Store, tiny_spec: Callable[..., ExperimentSpec]) -> None:
    record = publish(store, tiny_spec())
    file = store.experiments.artifacts(record.id) / "predictions-validation.npz"
    file.write_bytes(b"noise")
    assert Baselines(store.experiments).get(record.id) is None
    file.unlink()
    assert Baselines(store.experiments).get(record.id) is None
    assert Baselines(store.experiments).get("01K6W3E8Z4T5V6X7Y8Z9A0B1C2") is None
