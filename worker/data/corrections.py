"""Corrected labels: which of two labels an image has in a split that its correction is added to."""

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from worker.data.split import Images, Split


def apply_corrections(parts: Sequence[Split], place: int, held_out: Sequence[Split]) -> list[Split]:
    """`parts` are those of a training split, of which the one at `place` has the corrections. A correction takes the
    place of the same image in the other parts, whose label is wrong. One of an image that is `held_out`, for validation
    or test, is left out: the network would be judged by what it was trained on."""
    marks = list(_marks(parts[place].images))
    corrected = set(marks)
    known = {mark for split in held_out for mark in _marks(split.images) if mark in corrected}

    def clean(at: int, part: Split) -> Split:
        found, unwanted = (marks, known) if at == place else (_marks(part.images), corrected)
        return _keep(part, np.array([mark not in unwanted for mark in found], dtype=bool))

    return [clean(at, part) for at, part in enumerate(parts)]


def _marks(images: Images) -> Iterator[bytes]:
    """Of the content of each."""
    for image in images:
        yield hashlib.blake2b(np.ascontiguousarray(image).data, digest_size=16).digest()


def _keep(split: Split, rows: NDArray[np.bool_]) -> Split:
    return split if rows.all() else Split(split.images[rows], split.labels[rows], split.samples[rows])
