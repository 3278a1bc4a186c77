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
    count = max(numbers, default=0) + 1
    if count == 2:
        return _only_component(mask, runs)
    lengths = runs.ends - runs.starts
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


def _only_component(mask: Mask, runs: _Runs) -> Components:
    area, top, bottom = np.count_nonzero(mask), runs.rows[0], runs.rows[-1] + 1
    measures = np.array([[0] * 5, [area, top, bottom, runs.starts.min(), runs.ends.max()]])
    return Components(mask.astype(np.int32), *measures.T)


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


def _component_numbers(runs: _Runs) -> list[int]:
    """The number of each run's component, from 1, in the order of their first runs."""
    rows, starts, ends = (array.tolist() for array in runs)
    numbers: list[int] = []
    # Of numbers that met each other, the least is its own, the others have a lesser one.
    lesser = [0]
    above = 0
    for run, row in enumerate(rows):
        while rows[above] < row - 1 or (rows[above] == row - 1 and ends[above] < starts[run]):
            above += 1
        number, other = 0, above
        while other < run and rows[other] == row - 1 and starts[other] <= ends[run]:
            touched = numbers[other]
            while lesser[touched] != touched:
                lesser[touched] = lesser[lesser[touched]]
                touched = lesser[touched]
            least = min(number or touched, touched)
            lesser[max(number, touched)] = least
            number = least
            other += 1
        if not number:
            number = len(lesser)
            lesser.append(number)
        numbers.append(number)
    final, count = [0], 0
    for number, other in enumerate(lesser[1:], 1):
        count += other == number
        final.append(count if other == number else final[other])
    return [final[number] for number in numbers]
