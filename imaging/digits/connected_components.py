"""Connected components of a mask."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imaging.digits.box import Box, bounding_box
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


def connected_components(mask: Mask) -> Components:
    """Label the 8-connected components of `mask`, by runs and union-find (Rosenfeld and Pfaltz 1966)."""
    height, width = mask.shape
    stride = width + 1  # so that no run continues in the next row
    starts, ends = _runs(mask)
    numbers, count = _component_numbers(starts, ends, stride)
    if count == 1:
        return _only_component(mask)
    lengths, rows, size = ends - starts, starts // stride, count + 1
    areas = np.bincount(numbers, weights=lengths, minlength=size).astype(np.int64)
    tops, lefts = np.full(size, height), np.full(size, width)
    bottoms, rights = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    np.minimum.at(tops, numbers, rows)
    np.maximum.at(bottoms, numbers, rows + 1)
    np.minimum.at(lefts, numbers, starts - rows * stride)
    np.maximum.at(rights, numbers, ends - rows * stride)
    labels = np.zeros(mask.shape, dtype=np.int32)
    labels[mask] = np.repeat(numbers, lengths)
    return Components(labels, areas, tops, bottoms, lefts, rights)


def _only_component(mask: Mask) -> Components:
    measures = np.count_nonzero(mask), *bounding_box(mask)
    return Components(mask.astype(np.int32), *[np.array((0, measure)) for measure in measures])


def _runs(mask: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the horizontal runs of `mask` start, and the places after their ends, in rows of one pixel more."""
    height, width = mask.shape
    framed = np.zeros((height, width + 1), dtype=np.bool_)
    framed[:, 1:] = mask
    flat = framed.ravel()
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    if flat[-1]:
        changes = np.append(changes, len(flat) - 1)
    return changes[::2], changes[1::2]


def _component_numbers(starts: NDArray[np.int64], ends: NDArray[np.int64], stride: int) -> tuple[list[int], int]:
    """The number of each run's component, from 1, in the order of their first runs, and the last of the numbers."""
    # A run touches one in the row above if they overlap, or meet at a corner, once that one is moved down by a row.
    moved_starts, moved_ends = (starts + stride).tolist(), (ends + stride).tolist()
    numbers: list[int] = []
    # Of numbers that met each other, the least is its own, the others have a lesser one.
    lesser = [0]
    above = 0
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        while moved_ends[above] < start:
            above += 1
        number, other = 0, above
        while moved_starts[other] <= end:
            touched = numbers[other]
            while lesser[touched] != touched:
                lesser[touched] = lesser[lesser[touched]]
                touched = lesser[touched]
            if not number:
                number = touched
            elif touched < number:
                lesser[number] = number = touched
            else:
                lesser[touched] = number
            other += 1
        if not number:
            number = len(lesser)
            lesser.append(number)
        numbers.append(number)
    final, count = [0], 0
    for number, other in enumerate(lesser[1:], 1):
        count += other == number
        final.append(count if other == number else final[other])
    return [final[number] for number in numbers], count
