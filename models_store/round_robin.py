"""Fair shares of what comes in groups."""

import numpy as np
from numpy.typing import NDArray


def in_turns(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Indices of `groups` (n,): the first member of each group, by number of the group, then each one's second, and so
    on."""
    by_group = np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[by_group], groups[by_group])
    turns = np.empty(len(groups), dtype=np.int64)
    turns[by_group] = np.arange(len(groups)) - starts
    return np.lexsort((groups, turns))
