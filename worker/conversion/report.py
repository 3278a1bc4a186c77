"""Sizes and warnings of a converted dataset: duplicates, leaks between splits, class imbalance."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archives.names import quote
from models_store.datasets.record import Counts, Size, Unreadable
from models_store.errors import list_names
from specs.problem import quantity
from specs.splits import SOURCE_SPLITS

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
    index: Rows, names: Sequence[str], classes: Sequence[str], counts: Counts, unreadable: Sequence[Unreadable]
) -> tuple[str, ...]:
    """Sentences, the most important first."""
    return (
        *_duplicates(index, names),
        *_uneven(classes, counts["train"]),
        *_missing(classes, counts),
        *_left_out(unreadable),
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
        found = [SOURCE_SPLITS[split] for split in np.unique(splits[np.concatenate(leaked)])]
        which = f"both {found[0]} and {found[1]}" if len(found) == 2 else "more than one split"
        yield f"{quantity(len(leaked), 'image is', 'images are')} in {which}: {_examples(leaked, names, splits)}"
    if torn:
        images = quantity(len(torn), "image is", "images are")
        yield f"{images} in more than one class: {_examples(torn, names, labels)}"
    if groups:
        copies = quantity(sum(len(group) - 1 for group in groups), "file is a copy", "files are copies")
        yield f"{copies} of others, byte by byte: {_examples(groups, names)}"


def _examples(groups: Sequence[Sequence[int]], names: Sequence[str], apart: Rows | None = None) -> str:
    """Two or three of each of the first groups; those that are `apart` by their class or split, if given."""
    shown_groups = []
    for group in groups[:_NAMED]:
        distinct = group if apart is None else [group[at] for at in np.unique(apart[group], return_index=True)[1]]
        shown_groups.append(" = ".join(names[number] for number in distinct[: 2 if apart is None else _NAMED]))
    return ", ".join(shown_groups) + (", ..." if len(groups) > _NAMED else "")


def _missing(classes: Sequence[str], counts: Counts) -> Iterator[str]:
    """Metrics of a class that a split lacks are undefined."""
    for split, of_split in counts.items():
        missing = [name for name, count in zip(classes, of_split, strict=True) if not count]
        if missing and any(of_split):
            yield (
                f"{quantity(len(missing), 'class has', 'classes have')} no image in the {split} split: "
                f"{list_names(list(map(quote, missing)))}"
            )


def _left_out(unreadable: Sequence[Unreadable]) -> Iterator[str]:
    if unreadable:
        first = "; ".join(f"{quote(each.name)}: {each.reason}" for each in unreadable[:_NAMED])
        yield (
            f"{quantity(len(unreadable), 'file is', 'files are')} not readable as images and left out: {first}"
            + ("; ..." if len(unreadable) > _NAMED else "")
        )


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
