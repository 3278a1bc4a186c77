"""Intervals of accuracies and of their differences, and McNemar's test."""

import functools
import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
LEVEL = 0.95
# The same counts give the same interval each time, so that it can be cached.
_SEED = 20_000
_CACHED = 1_000
# Up to so many discordant samples the exact test takes microseconds.
_MAX_EXACT = 1_000


class Interval(NamedTuple):
    """As fractions of 1."""

    low: float
    high: float

    @property
    def reversed(self) -> "Interval":
        """The interval of the negated difference."""
        return Interval(-self.high, -self.low)


@functools.lru_cache(_CACHED)
def accuracy_interval(right: int, samples: int) -> Interval:
    """The percentile bootstrap of Efron and Tibshirani 1993, An Introduction to the Bootstrap, section 13.3, for
    `right` out of `samples`, at least one.

    Resampling all samples with replacement and counting those that are right is drawing from a binomial.
    """
    counts = np.random.default_rng(_SEED).binomial(samples, right / samples, RESAMPLES)
    return _percentiles(counts / samples)


def wilson_interval(right: int, samples: int) -> Interval:
    """The score interval of Wilson 1927, Probable Inference, the Law of Succession, and Statistical Inference, for
    `right` out of `samples`, at least one. Unlike the bootstrap's it is not empty where all are right."""
    z_squared = NormalDist().inv_cdf((1 + LEVEL) / 2) ** 2
    share, wide = right / samples, 1 + z_squared / samples
    middle = (share + z_squared / (2 * samples)) / wide
    half = math.sqrt(z_squared * (share * (1 - share) / samples + z_squared / (4 * samples**2))) / wide
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


@functools.lru_cache(_CACHED)
def difference_interval(fixed: int, regressed: int, samples: int) -> Interval:
    """The same for the difference of two accuracies on the same `samples`, of which the second network got `fixed`
    right and the first wrong, `regressed` the other way. Each resample keeps both answers to a sample together, so that
    its counts are drawn from a multinomial."""
    shares = np.array([fixed, regressed, samples - fixed - regressed]) / samples
    counts = np.random.default_rng(_SEED).multinomial(samples, shares, RESAMPLES)
    return _percentiles((counts[:, 0] - counts[:, 1]) / samples)


def mcnemar(fixed: int, regressed: int) -> float:
    """The two-sided probability that the discordant samples are split at least as unevenly if both networks are equally
    good; 1 if there are none. McNemar 1947, Note on the sampling error of the difference between correlated
    proportions or percentages.

    Exact by the binomial; for many samples by the chi-square distribution with the correction of Edwards 1948, Note on
    the "correction for continuity" in testing the significance of the difference between correlated proportions.
    """
    discordant = fixed + regressed
    if discordant <= _MAX_EXACT:
        tail = sum(math.comb(discordant, fewer) for fewer in range(min(fixed, regressed) + 1))
        return min(1.0, 2 * tail / (1 << discordant))
    chi_square = max(0, abs(fixed - regressed) - 1) ** 2 / discordant
    return math.erfc(math.sqrt(chi_square / 2))


def _percentiles(values: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))
