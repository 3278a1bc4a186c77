"""Labels of the images of an upload, by their place in the archive, and the classes that follow from them."""

from collections.abc import Iterable
from typing import NamedTuple

from archives.errors import InvalidArchive
from archives.names import quote
from specs.splits import SOURCE_SPLITS, SourceSplit

MAX_CLASSES = 1_000
CLASS_CHARACTERS = 100


class Label(NamedTuple):
    """`found_as` is what names the split in the upload: a folder, a file, a value; empty if nothing does."""

    split: SourceSplit
    name: str
    found_as: str = ""


class Place(NamedTuple):
    """Where an image belongs: indices of SOURCE_SPLITS and of the classes."""

    split: int
    label: int


class Labels(NamedTuple):
    """`by_position` are those of entries of the archive; `warnings` say what was left out."""

    by_position: dict[int, Label]
    warnings: tuple[str, ...] = ()


def order_classes(labels: Iterable[Label]) -> tuple[str, ...]:
    """By number where all are numbers, else by name. Raises InvalidArchive for too few, too many, or alike."""
    found = {(label.split, label.name) for label in labels}
    names = {name for _, name in found}
    trained = {name for split, name in found if split == "train"}
    if not trained:
        splits = " and ".join(sorted({split for split, _ in found}))
        raise InvalidArchive(f"all images are of {splits}, none to train on; name the folder of those train/")
    if untrained := sorted(names - trained):
        splits = " and ".join(split for split in SOURCE_SPLITS if (split, untrained[0]) in found)
        raise InvalidArchive(
            f"class {quote(untrained[0])} is in {splits} only; add images of it to train, or leave it out"
        )
    _reject_alike(names)
    if len(names) < 2:
        raise InvalidArchive(f"it has one class only, {quote(min(names))}; expected at least 2")
    if len(names) > MAX_CLASSES:
        raise InvalidArchive(f"it has {len(names):,} classes, more than the limit of {MAX_CLASSES:,}")
    if all(name.isdecimal() for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(sorted(names))


def split_names(labels: Iterable[Label]) -> dict[SourceSplit, tuple[str, ...]]:
    """What names each split in the upload."""
    found = {(label.split, label.found_as) for label in labels if label.found_as}
    return {
        split: names
        for split in SOURCE_SPLITS
        if (names := tuple(sorted(name for found_split, name in found if found_split == split)))
    }


def _reject_alike(names: Iterable[str]) -> None:
    seen: dict[str, str] = {}
    for name in sorted(names):
        if len(name) > CLASS_CHARACTERS:
            raise InvalidArchive(f"the class name {quote(name)} is longer than {CLASS_CHARACTERS} characters")
        if (first := seen.setdefault(name.casefold(), name)) != name:
            raise InvalidArchive(f"the classes {quote(first)} and {quote(name)} differ in case only; merge them")
