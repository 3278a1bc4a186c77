"""Folders of folds, as for cross-validation, and of other parts of a dataset, around those of classes."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from archives.names import quote
from specs.problem import quantity
from worker.conversion.labels import NoClasses
from worker.conversion.members import FoundFile
from worker.conversion.split_names import split_of

Path = tuple[str, ...]
_FOLDS = frozenset({"fold", "folds", "kfold", "cv", "cvfold", "폴드"})
_PARTS = _FOLDS | {"split", "part", "partition", "batch", "chunk", "shard"}
_NAMED = 3


class PlacedImage(NamedTuple):
    """`path` is what is left of its path below the folders that all have in common."""

    path: Path
    file: FoundFile


class Joined(NamedTuple):
    images: list[PlacedImage]
    warnings: tuple[str, ...] = ()


def join_folds(images: Sequence[PlacedImage]) -> Joined:
    """`images` of `fold1/cat`, `fold2/cat`, ... as those of `cat`; likewise `cat/fold1` and `train/fold1/cat`. Of
    folds with splits of their own, as `fold1/train` and `fold1/test`, each of which has all images, the first one
    counts. Raises NoClasses if folds hold images instead of class folders."""
    tops = {image.path[0] for image in images if len(image.path) > 1}
    folds = sorted(filter(_is_part, tops), key=_order)
    others = tops.difference(folds)
    if len(folds) > 1 and all(map(split_of, others)) and all(len(image.path) > 1 for image in images):
        return _join_outer(images, folds, bool(others))
    inner = {image.path[1] for image in images if len(image.path) > 2}
    folds = sorted(filter(_is_part, inner), key=_order)
    parted = {image.path[0] for image in images if len(image.path) > 2 and image.path[1] in folds}
    whole = {image.path[0] for image in images if len(image.path) <= 2 or image.path[1] not in folds}
    if len(folds) < 2 or parted & whole:
        return Joined(list(images))
    joined = [
        image._replace(path=(image.path[0], *image.path[2:])) if image.path[0] in parted else image for image in images
    ]
    return Joined(joined, (_about_joined(folds),))


def _join_outer(images: Sequence[PlacedImage], folds: Sequence[str], is_split: bool) -> Joined:
    """`is_split`: beside the folds are splits, so that the folds are those of the training split."""
    inside = [image for image in images if image.path[0] in folds]
    if any(len(image.path) == 2 for image in inside):
        if not _FOLDS.issuperset(map(_words, folds)):
            return Joined(list(images))  # `part1` and `part2` may be classes
        raise NoClasses(f"its folders {_listed(folds)} are named for folds, not for classes")
    kinds = {split_of(image.path[1]) for image in inside if len(image.path) > 3}
    have_splits = "train" in kinds and len(kinds) > 1 and None not in kinds
    repeated = set(folds[1:]) if have_splits and _words(folds[0]) in {*_FOLDS, "split"} else set()
    joined = []
    for image in images:
        top, *rest = image.path
        if top not in folds:
            joined.append(image)
        elif top not in repeated:
            joined.append(image._replace(path=(*(["train"] if is_split and not have_splits else []), *rest)))
    if not repeated:
        return Joined(joined, (_about_joined(folds),))
    left_out = quantity(len(images) - len(joined), "image of the others is", "images of the others are")
    about = (
        f"the folders {_listed(folds)} have splits of their own, as for cross-validation; {quote(folds[0])} is taken, "
        f"and {left_out} left out; for another one, pack it alone"
    )
    return Joined(joined, (about,))


def _is_part(name: str) -> bool:
    return _words(name) in _PARTS and any(map(str.isdecimal, name))


def _words(name: str) -> str:
    return re.sub(r"[\W\d_]+", "", name.casefold())


def _order(name: str) -> tuple[list[int], str]:
    return list(map(int, re.findall("[0-9]+", name))), name


def _about_joined(folds: Sequence[str]) -> str:
    return f"the folders {_listed(folds)} are taken for parts of the dataset, whose images are imported together"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(quote, names[:_NAMED])) + (", ..." if len(names) > _NAMED else "")
