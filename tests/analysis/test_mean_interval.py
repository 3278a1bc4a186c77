import pytest
from scipy import stats

from analysis.mean_interval import mean_interval


def test_interval_is_students() -> None:
    values = [0.91, 0.93, 0.92, 0.95]
    found = mean_interval(values, "val_accuracy")
    low, high = stats.t.interval(0.95, 3, loc=found.mean, scale=stats.sem(values))
    assert found.n == 4
    assert found.mean == pytest.approx(0.9275)
    assert found.sd == pytest.approx(0.017078, rel=1e-4)
    assert found.low == pytest.approx(low)
    assert found.high == pytest.approx(high)


def test_interval_of_an_accuracy_ends_at_1() -> None:
    found = mean_interval([0.99, 1.0], "test_accuracy")
    assert found.low is not None
    assert 0 < found.low < 0.99
    assert found.high == 1.0
    of_loss = mean_interval([0.99, 1.0], "val_loss")
    assert of_loss.high is not None
    assert of_loss.high > 1


def test_one_value_has_no_interval() -> None:
    found = mean_interval([0.5], "val_loss")
    assert (found.n, found.mean, found.sd, found.low, found.high) == (1, 0.5, None, None, None)
