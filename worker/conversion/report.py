"""Sizes and warnings of a converted dataset: duplicates, leaks between splits, class imbalance."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archives.names import quote
from models_store.datasets.record import Counts, Size
from specs.problem import quantity

_MAX_SIZES = 20
_TINY = 10
_UNEVEN = 10
_NAMED = 3
Rows = NDArray[Any]


def count_sizes(index: Rows) -> tuple[tuple[Size, ...], int]:
    """The most frequent sizes, and the number of different ones."""
    pairs, counts = np.unique(np.stack([index["height"], index["width"]], axis=1), axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:_MAX_SIZES]
    sizes = (Size(height=int(pairs[each, 0]), width=int(pairs[each, 1]), count=int(counts[each])) for each in order)
    return tuple(sizes), len(counts)


def build_warnings(
    index: Rows, names: Sequence[str], classes: Sequence[str], counts: Counts, unreadable: int
) -> tuple[str, ...]:
    """Sentences, the most important first."""
    return (
        *_duplicates(index, names),
        *_uneven(classes, counts["train"]),
        *(
            [f"{quantity(unreadable, 'file is', 'files are')} not readable as images and left out"]
            if unreadable
            else []
        ),
    )


def _duplicates(index: Rows, names: Sequence[str]) -> Iterator[str]:
    same: dict[bytes, list[int]] = defaultdict(list)
    for number, digest in enumerate(index["sha256"]):
        same[digest.tobytes()].append(number)
    groups = [numbers for numbers in same.values() if len(numbers) > 1]
    splits, labels = index["split"], index["label"]
    leaked = [group for group in groups if len(set(splits[group])) > 1]
    torn = [group for group in groups if len(set(labels[group])) > 1]
    if leaked:
        yield f"{quantity(len(leaked), 'image is', 'images are')} in both train and test: {_examples(leaked, names)}"
    if torn:
        yield f"{quantity(len(torn), 'image is', 'images are')} in more than one class: {_examples(torn, names)}"
    if groups:
        copies = quantity(sum(len(group) - 1 for group in groups), "file is a copy", "files are copies")
        yield f"{copies} of others, byte by byte: {_examples(groups, names)}"


def _examples(groups: Sequence[Sequence[int]], names: Sequence[str]) -> str:
    shown_groups = [" = ".join(names[number] for number in group[:2]) for group in groups[:_NAMED]]
    return ", ".join(shown_groups) + (", ..." if len(groups) > _NAMED else "")


def _uneven(classes: Sequence[str], counts: Sequence[int]) -> Iterator[str]:
    fewest, most = int(np.argmin(counts)), int(np.argmax(counts))
    if counts[most] >= _UNEVEN * counts[fewest]:
        yield (
            f"uneven classes: {quote(classes[most])} has {counts[most]:,} images to train on, "
            f"{quote(classes[fewest])} {counts[fewest]:,}; accuracy will say little about the small ones"
        )
    tiny = [name for name, count in zip(classes, counts, strict=True) if count < _TINY]
    if tiny:
        listed = ", ".join(map(quote, tiny[:_MAX_SIZES]))
        yield f"{quantity(len(tiny), 'class has', 'classes have')} fewer than {_TINY} images to train on: {listed}"
