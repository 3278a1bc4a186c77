"""Images of an upload with their classes, as readers of all layouts give them."""

from collections.abc import Iterator
from typing import NamedTuple

from specs.splits import SOURCE_SPLITS, SourceSplit
from worker.conversion.labels import Label, Place


class SourceImage(NamedTuple):
    place: Place
    name: str
    content: bytes


class LabeledImages(NamedTuple):
    """`images`, iterated once, are `total`. `split_names` are what names each split in the upload; `ignored` names some
    of the `ignored_files` that are no images."""

    classes: tuple[str, ...]
    total: int
    split_names: dict[SourceSplit, tuple[str, ...]]
    warnings: tuple[str, ...]
    ignored: tuple[str, ...]
    ignored_files: int
    images: Iterator[SourceImage]


def place_of(label: Label, numbers: dict[str, int]) -> Place:
    """`numbers` are those of the classes."""
    return Place(SOURCE_SPLITS.index(label.split), numbers[label.name])
