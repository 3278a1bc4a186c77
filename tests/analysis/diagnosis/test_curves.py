import pytest

from analysis.diagnosis.curves import Curve, curve, ratio
from tests.analysis.diagnosis.training_runs import points


def test_values_that_are_not_finite_are_left_out() -> None:
    history = points([1.0, None, float("nan"), float("inf"), 1e300, 2.0])
    assert curve(history, "loss") == Curve((0, 5), (1.0, 2.0))
    assert curve(history, "accuracy") == Curve((), ())


def test_window_is_three_epochs_or_five_if_long() -> None:
    short = Curve(tuple(range(5)), (0.0, 3.0, 6.0, 3.0, 0.0))
    assert short.smoothed == (1.5, 3.0, 4.0, 3.0, 1.5)
    long = Curve(tuple(range(12)), (0.0,) * 6 + (5.0,) + (0.0,) * 5)
    assert long.smoothed == (0.0,) * 4 + (1.0,) * 5 + (0.0,) * 3


def test_zigzag_is_rough_and_falls_half_of_the_time() -> None:
    zigzag = Curve(tuple(range(9)), (1.0, 3.0) * 4 + (1.0,))
    assert zigzag.falling == 0.5
    assert zigzag.roughness > 0.5 > Curve(tuple(range(9)), tuple(range(9, 0, -1))).roughness


def test_ratio_to_zero_is_zero() -> None:
    assert ratio(1.0, 0.0) == ratio(1.0, 1e-300) == 0.0
    assert ratio(1.0, 4.0) == pytest.approx(0.25)
