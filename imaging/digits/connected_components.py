"""The connected marks of a mask, and those of them that make up the digit."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imaging.digits.box import Box
from imaging.digits.ink import Mask


class Marks(NamedTuple):
    """`labels` is (height, width), int32: 0 is paper, else the mark's number from 1. The others have an entry for each
    number, int64; that of 0 means nothing. `bottoms` and `rights` are exclusive."""

    labels: NDArray[np.int32]
    areas: NDArray[np.int64]
    tops: NDArray[np.int64]
    bottoms: NDArray[np.int64]
    lefts: NDArray[np.int64]
    rights: NDArray[np.int64]

    def box(self, number: int) -> Box:
        return Box(*(int(ends[number]) for ends in (self.tops, self.bottoms, self.lefts, self.rights)))


class _Runs(NamedTuple):
    """The pixels of a mask, row by row, as runs: row, first column, column after the last. int64, (runs,)."""

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


def marks_of(mask: Mask) -> Marks:
    """Pixels that touch, by a side or a corner, are of one mark. By runs and union-find (Rosenfeld and Pfaltz 1966)."""
    runs = _runs(mask)
    numbers = _joined(runs)
    lengths = runs.ends - runs.starts
    count = int(numbers.max(initial=0)) + 1
    areas = np.bincount(numbers, weights=lengths, minlength=count).astype(np.int64)
    tops, lefts = np.full(count, mask.shape[0]), np.full(count, mask.shape[1])
    bottoms, rights = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    np.minimum.at(tops, numbers, runs.rows)
    np.maximum.at(bottoms, numbers, runs.rows + 1)
    np.minimum.at(lefts, numbers, runs.starts)
    np.maximum.at(rights, numbers, runs.ends)
    labels = np.zeros(mask.shape, dtype=np.int32)
    labels[mask] = np.repeat(numbers, lengths)
    return Marks(labels, areas, tops, bottoms, lefts, rights)


def _runs(mask: Mask) -> _Runs:
    height, width = mask.shape
    padded = np.zeros((height, width + 2), dtype=np.int8)
    padded[:, 1:-1] = mask
    steps = np.diff(padded, axis=1)
    rows, starts = np.nonzero(steps == 1)
    return _Runs(rows, starts, np.nonzero(steps == -1)[1])


def _joined(runs: _Runs) -> NDArray[np.int64]:
    """The number of each run's mark, from 1."""
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
