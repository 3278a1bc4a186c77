"""Round-robin iteration over groups."""

import numpy as np
from numpy.typing import NDArray


def round_robin(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Indices into `groups`, (n,): the first member of each group, in order of the groups' numbers, then the second of
    each, and so on."""
    by_group = np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[by_group], groups[by_group])
    rounds = np.empty(len(groups), dtype=np.int64)
    rounds[by_group] = np.arange(len(groups)) - starts
    return np.lexsort((groups, rounds))
