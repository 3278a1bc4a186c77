"""Splits and classes from file names: one folder per class, within `train/` and `test/` if the dataset has both."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from archives.errors import InvalidArchive
from archives.names import quote
from specs.splits import SOURCE_SPLITS

Path = tuple[str, ...]
MAX_CLASSES = 1_000
CLASS_CHARACTERS = 100
# Experiments cut their own validation split from the train split, so a validation folder is merged into it.
_SPLIT_OF = {
    "train": "train",
    "training": "train",
    "val": "train",
    "valid": "train",
    "validation": "train",
    "test": "test",
    "testing": "test",
}
_EXPECTED = "expected one folder for each class, with its images, or train/ and test/ with such folders in them"


class Place(NamedTuple):
    """Where an image belongs: indices of SOURCE_SPLITS and of the classes."""

    split: int
    label: int


class Layout(NamedTuple):
    """`places` are in the order of the files."""

    classes: tuple[str, ...]
    places: list[Place]


def parse_layout(files: Sequence[Path], folders: Iterable[Path]) -> Layout:
    """Raises InvalidArchive unless every file is in a class folder, and every class folder has files."""
    if not files:
        raise InvalidArchive(f"it has no files; {_EXPECTED}")
    unwrapped = 1 if _is_wrapped(files) else 0
    inner = [path[unwrapped:] for path in files]
    with_splits = _has_splits(inner)
    found = [_found(path, with_splits) for path in inner]
    _reject_empty(found, (path[unwrapped:] for path in folders), with_splits)
    classes = _classes(found)
    number = {name: label for label, name in enumerate(classes)}
    return Layout(classes, [Place(SOURCE_SPLITS.index(split), number[name]) for split, name in found])


def _is_wrapped(files: Sequence[Path]) -> bool:
    return len({path[0] for path in files}) == 1 and all(len(path) >= 3 for path in files)


def _has_splits(files: Sequence[Path]) -> bool:
    tops = {path[0] for path in files if len(path) >= 3}
    return bool(tops) and all(top.lower() in _SPLIT_OF for top in tops)


def _found(path: Path, with_splits: bool) -> tuple[str, str]:
    """The split and the class of a file."""
    name = "/".join(path)
    if len(path) == 1 or (with_splits and len(path) == 2):
        raise InvalidArchive(f"{quote(name)} is beside the class folders, not in one; {_EXPECTED}")
    if with_splits and path[0].lower() not in _SPLIT_OF:
        raise InvalidArchive(f"{quote(name)} is beside train/ and test/; {_EXPECTED}")
    if len(path) != (3 if with_splits else 2):
        raise InvalidArchive(f"{quote(name)} is too deep; {_EXPECTED}")
    return (_SPLIT_OF[path[0].lower()], path[1]) if with_splits else ("train", path[0])


def _reject_empty(found: Iterable[tuple[str, str]], folders: Iterable[Path], with_splits: bool) -> None:
    filled = {name for _, name in found}
    depth = 2 if with_splits else 1
    for folder in folders:
        if len(folder) == depth and folder[-1] not in filled:
            raise InvalidArchive(f"the class folder {quote('/'.join(folder))} is empty; fill it or leave it out")


def _classes(found: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    names = {name for _, name in found}
    trained = {name for split, name in found if split == "train"}
    if untrained := sorted(names - trained):
        raise InvalidArchive(f"class {quote(untrained[0])} is in test/ only; add images of it to train/")
    _reject_alike(names)
    if len(names) < 2:
        raise InvalidArchive(f"it has one class only, {quote(min(names))}; expected at least 2")
    if len(names) > MAX_CLASSES:
        raise InvalidArchive(f"it has {len(names):,} classes, more than the limit of {MAX_CLASSES:,}")
    if all(name.isdecimal() for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(sorted(names))


def _reject_alike(names: Iterable[str]) -> None:
    seen: dict[str, str] = {}
    for name in sorted(names):
        if len(name) > CLASS_CHARACTERS:
            raise InvalidArchive(f"the class name {quote(name)} is longer than {CLASS_CHARACTERS} characters")
        if (first := seen.setdefault(name.casefold(), name)) != name:
            raise InvalidArchive(f"the classes {quote(first)} and {quote(name)} differ in case only; merge them")
