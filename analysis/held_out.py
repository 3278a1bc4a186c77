"""Holds samples out of a dataset, the same ones as scikit-learn's `train_test_split`.

Importing that takes a fifth of the CPU time of a trainer's start; the samples of stored experiments depend on it.
"""

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def hold_out(samples: Indices, count: int, seed: int, labels: NDArray[np.int64] | None) -> tuple[Indices, Indices]:
    """The kept ones of `samples` (n,), and `count` others, both shuffled.

    With their `labels` (n,), each class has its share of both. It has at least two samples then, and no more classes
    are there than samples in either part.
    """
    generator = np.random.RandomState(seed)
    if labels is None:
        order = generator.permutation(len(samples))
        return samples[order[count:]], samples[order[:count]]
    _, places, counts = np.unique(labels, return_inverse=True, return_counts=True)
    kept = round_shares(counts / counts.sum() * (len(samples) - count), len(samples) - count, generator)
    rest = counts - kept
    out = round_shares(rest / rest.sum() * count, count, generator)
    kept_places, out_places = [], []
    for of_class, n_kept, n_out in zip(_by_class(places, counts), kept, out, strict=True):
        shuffled = of_class[generator.permutation(len(of_class))]
        kept_places.append(shuffled[:n_kept])
        out_places.append(shuffled[n_kept : n_kept + n_out])
    kept_order, out_order = (generator.permutation(np.concatenate(each)) for each in (kept_places, out_places))
    return samples[kept_order], samples[out_order]


def _by_class(places: Indices, counts: NDArray[np.int64]) -> list[Indices]:
    return np.split(np.argsort(places, kind="stable"), np.cumsum(counts)[:-1])


def round_shares(shares: NDArray[np.float64], total: int, generator: np.random.RandomState) -> NDArray[np.int64]:
    """Whole numbers of the sum `total`: the largest remainders are rounded up, of equal ones some at random."""
    rounded = np.floor(shares)
    left = int(total - rounded.sum())
    remainders = shares - rounded
    for value in np.unique(remainders)[::-1]:
        if left == 0:
            break
        (equal,) = np.nonzero(remainders == value)
        chosen = generator.choice(equal, size=min(len(equal), left), replace=False)
        rounded[chosen] += 1
        left -= len(chosen)
    return rounded.astype(np.int64)
