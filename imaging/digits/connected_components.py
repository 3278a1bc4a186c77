"""Connected components of a mask."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imaging.digits.box import Box
from imaging.digits.ink import Mask


class Components(NamedTuple):
    """`labels` is int32, (height, width): 0 for background, otherwise the number of the component, from 1. The other
    arrays are int64, with one entry per number; entry 0 is meaningless. `bottoms` and `rights` are exclusive."""

    labels: NDArray[np.int32]
    areas: NDArray[np.int64]
    tops: NDArray[np.int64]
    bottoms: NDArray[np.int64]
    lefts: NDArray[np.int64]
    rights: NDArray[np.int64]

    def box(self, number: int) -> Box:
        return Box(*(int(ends[number]) for ends in (self.tops, self.bottoms, self.lefts, self.rights)))


class _Runs(NamedTuple):
    """The horizontal runs of a mask: row, first column, column after the last one. int64, (runs,)."""

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


def connected_components(mask: Mask) -> Components:
    """Label the 8-connected components of `mask`, by runs and union-find (Rosenfeld and Pfaltz 1966)."""
    runs = _runs(mask)
    numbers = _component_numbers(runs)
    lengths = runs.ends - runs.starts
    count = int(numbers.max(initial=0)) + 1
    if count == 2:
        return _only_component(mask, runs, int(lengths.sum()))
    areas = np.bincount(numbers, weights=lengths, minlength=count).astype(np.int64)
    tops, lefts = np.full(count, mask.shape[0]), np.full(count, mask.shape[1])
    bottoms, rights = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    np.minimum.at(tops, numbers, runs.rows)
    np.maximum.at(bottoms, numbers, runs.rows + 1)
    np.minimum.at(lefts, numbers, runs.starts)
    np.maximum.at(rights, numbers, runs.ends)
    labels = np.zeros(mask.shape, dtype=np.int32)
    labels[mask] = np.repeat(numbers, lengths)
    return Components(labels, areas, tops, bottoms, lefts, rights)


def _only_component(mask: Mask, runs: _Runs, area: int) -> Components:
    ends = runs.rows[0], runs.rows[-1] + 1, runs.starts.min(), runs.ends.max()
    return Components(mask.astype(np.int32), *(np.array((0, each)) for each in (area, *ends)))


def _runs(mask: Mask) -> _Runs:
    height, width = mask.shape
    framed = np.zeros((height, width + 1), dtype=np.bool_)  # so that no run continues in the next row
    framed[:, 1:] = mask
    flat = framed.ravel()
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    if flat[-1]:
        changes = np.append(changes, len(flat) - 1)
    rows, starts = np.divmod(changes[::2], width + 1)
    return _Runs(rows, starts, changes[1::2] - rows * (width + 1))


def _component_numbers(runs: _Runs) -> NDArray[np.int64]:
    """The number of each run's component, from 1: int64, (runs,)."""
    rows, starts, ends = (array.tolist() for array in runs)
    parents = list(range(len(rows)))

    def root(run: int) -> int:
        while parents[run] != run:
            parents[run] = parents[parents[run]]
            run = parents[run]
        return run

    above = 0
    for run, row in enumerate(rows):
        while rows[above] < row - 1 or (rows[above] == row - 1 and ends[above] < starts[run]):
            above += 1
        other = above
        while other < run and rows[other] == row - 1 and starts[other] <= ends[run]:
            parents[root(other)] = root(run)
            other += 1
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(root(run), len(numbers) + 1) for run in range(len(rows))], dtype=np.int64)
