"""The mean of a metric over several trainings, and how sure it is."""

from collections.abc import Sequence
from math import sqrt
from statistics import fmean, stdev

from models_store.frozen import Frozen

LEVEL = 0.95


class MeanInterval(Frozen):
    """The mean of `n` values, their standard deviation (n - 1), and the 95 % confidence interval of the mean (Student's
    t), cut to [0, 1] for an accuracy. Without a second value the last three are null."""

    n: int
    mean: float
    sd: float | None
    low: float | None
    high: float | None


def mean_interval(values: Sequence[float], metric: str) -> MeanInterval:
    """Of at least one value of `metric`."""
    from scipy.special import stdtrit  # noqa: PLC0415 - a tenth of the start of the API

    mean = fmean(values)
    if len(values) == 1:
        return MeanInterval(n=1, mean=mean, sd=None, low=None, high=None)
    sd = stdev(values)
    half = sd / sqrt(len(values)) * float(stdtrit(len(values) - 1, (1 + LEVEL) / 2))
    low, high = mean - half, mean + half
    if metric.endswith("accuracy"):
        low, high = max(0.0, low), min(1.0, high)
    return MeanInterval(n=len(values), mean=mean, sd=sd, low=low, high=high)
