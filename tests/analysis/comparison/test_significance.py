"""Intervals and tests agree with SciPy, which resamples whole samples instead of counts."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest, bootstrap

from analysis.comparison.significance import accuracy_interval, difference_interval, mcnemar, wilson_interval


def scipy_interval(values: NDArray[Any]) -> tuple[float, float]:
    found = bootstrap((values,), np.mean, n_resamples=10_000, method="percentile", rng=np.random.default_rng(1))
    low, high = found.confidence_interval
    return float(low), float(high)


@pytest.mark.parametrize(("right", "samples"), [(40, 50), (340, 360)])
def test_accuracy_interval_is_that_of_resampling(right: int, samples: int) -> None:
    # Two bootstraps of 10,000 resamples may differ by a sample or two.
    expected = pytest.approx(scipy_interval(np.arange(samples) < right), abs=1.5 / samples)
    assert accuracy_interval(right, samples) == expected


def test_interval_of_many_samples_is_nearly_normal() -> None:
    error = 1.96 * np.sqrt(0.9 * 0.1 / 100_000)
    assert accuracy_interval(90_000, 100_000) == pytest.approx((0.9 - error, 0.9 + error), abs=0.05 * error)


@pytest.mark.parametrize(("fixed", "regressed", "samples"), [(41, 10, 360), (3, 3, 50), (0, 7, 200)])
def test_difference_interval_equals_paired_bootstrap(fixed: int, regressed: int, samples: int) -> None:
    differences = np.repeat([1.0, -1.0, 0.0], [fixed, regressed, samples - fixed - regressed])

    assert difference_interval(fixed, regressed, samples) == pytest.approx(
        scipy_interval(differences), abs=1.5 / samples
    )


def test_interval_without_variation_has_no_width() -> None:
    assert accuracy_interval(50, 50) == (1.0, 1.0)
    assert accuracy_interval(0, 1) == (0.0, 0.0)
    assert difference_interval(0, 0, 50) == (0.0, 0.0)
    assert difference_interval(50, 0, 50) == (1.0, 1.0)


def test_same_counts_give_the_same_interval() -> None:
    before = accuracy_interval(97, 100), difference_interval(5, 2, 100)
    accuracy_interval.cache_clear()
    difference_interval.cache_clear()
    assert (accuracy_interval(97, 100), difference_interval(5, 2, 100)) == before


def test_reversed_interval_is_negated() -> None:
    there, back = difference_interval(30, 12, 360), difference_interval(12, 30, 360)
    assert there.reversed == pytest.approx(back, abs=1.5 / 360)


@pytest.mark.parametrize(
    ("fixed", "regressed"), [(1, 0), (0, 1), (5, 5), (10, 41), (41, 10), (3, 90), (500, 500), (450, 550), (1_000, 0)]
)
def test_mcnemar_of_few_discordant_samples_is_exact(fixed: int, regressed: int) -> None:
    assert mcnemar(fixed, regressed) == pytest.approx(binomtest(fixed, fixed + regressed).pvalue, rel=1e-9)


@pytest.mark.parametrize(("fixed", "regressed"), [(501, 500), (600, 500), (2_000, 1_850), (5_100, 4_900), (700, 302)])
def test_mcnemar_of_many_samples_is_nearly_exact(fixed: int, regressed: int) -> None:
    assert mcnemar(fixed, regressed) == pytest.approx(binomtest(fixed, fixed + regressed).pvalue, rel=0.01, abs=1e-12)


def test_mcnemar_without_discordant_samples_is_one() -> None:
    assert mcnemar(0, 0) == 1.0


@pytest.mark.parametrize(("right", "samples"), [(0, 5), (5, 5), (40, 50), (9_800, 10_000)])
def test_wilson_interval_is_that_of_scipy(right: int, samples: int) -> None:
    expected = binomtest(right, samples).proportion_ci(0.95, "wilson")

    assert wilson_interval(right, samples) == pytest.approx((expected.low, expected.high), abs=1e-9)
