"""Folders of folds, as for cross-validation, and of other parts of a dataset, around those of classes."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from archives.names import quote, quote_some
from specs.problem import quantity
from worker.conversion.labels import NoClasses
from worker.conversion.members import FoundFile
from worker.conversion.split_names import Kind, name_beside_split, split_of

Path = tuple[str, ...]
_FOLDS = frozenset({"fold", "folds", "kfold", "cv", "cvfold", "폴드"})
_PARTS = _FOLDS | {"split", "part", "partition", "batch", "chunk", "shard"}
_DEPTH = 3  # of an image within a class, a split and a fold


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
    images = _put_splits_into_folds(images)
    tops = {image.path[0] for image in images if len(image.path) > 1}
    folds = sorted(filter(is_part, tops), key=_order)
    others = tops.difference(folds)
    if len(folds) > 1 and all(map(split_of, others)) and all(len(image.path) > 1 for image in images):
        return _join(images, folds, 0, bool(others))
    folds = sorted(filter(is_part, {image.path[1] for image in images if len(image.path) > 2}), key=_order)
    parts = set(folds)
    parted = {image.path[0] for image in images if len(image.path) > 2 and image.path[1] in parts}
    whole = {image.path[0] for image in images if len(image.path) <= 2 or image.path[1] not in parts}
    if len(folds) < 2 or parted & whole:
        return Joined(list(images))
    return _join(images, folds, 1)


def _put_splits_into_folds(images: Sequence[PlacedImage]) -> Sequence[PlacedImage]:
    """`fold1_train/cat` and `fold1_test/cat` as folders of `fold1`, if each fold has such."""
    folds = {
        top: fold
        for top in {image.path[0] for image in images if len(image.path) > 2}
        if split_of(top) and _are_folds([fold := name_beside_split(top)]) and is_part(fold)
    }
    kinds: dict[str, set[Kind | None]] = defaultdict(set)
    for top, fold in folds.items():
        kinds[fold].add(split_of(top))
    if len(kinds) < 2 or not all("train" in found and len(found) > 1 for found in kinds.values()):
        return images
    return [
        image._replace(path=(folds[image.path[0]], *image.path)) if image.path[0] in folds else image
        for image in images
    ]


def _join(images: Sequence[PlacedImage], folds: Sequence[str], at: int, is_split: bool = False) -> Joined:
    """`at` is the depth of the `folds`. `is_split`: beside them are splits, so that they are those of the training
    split."""
    parts = set(folds)
    inside = [image for image in images if len(image.path) > at + 1 and image.path[at] in parts]
    if _may_be_classes(inside, at):
        if not _FOLDS.issuperset(map(_words, folds)):
            return Joined(list(images))
        raise NoClasses(f"its folders {quote_some(folds)} are named for folds, not for classes")
    have_splits = any(_say_splits(inside, depth) for depth in (1, 2) if depth > at)
    repeated = parts - {folds[0]} if have_splits and _are_folds(folds[:1]) else set()
    around = ["train"] if is_split and not have_splits else []
    joined = []
    for image in images:
        if len(image.path) <= at + 1 or image.path[at] not in parts:
            joined.append(image)
        elif image.path[at] not in repeated:
            joined.append(image._replace(path=(*around, *image.path[:at], *image.path[at + 1 :])))
    if not repeated:
        about = (
            f"the folders {quote_some(folds)} are taken for parts of the dataset, whose images are imported together"
        )
        return Joined(joined, (about,))
    left_out = quantity(len(images) - len(joined), "image of the others is", "images of the others are")
    about = (
        f"the folders {quote_some(folds)} have splits of their own, as for cross-validation; {quote(folds[0])} is "
        f"taken, and {left_out} left out; for another one, pack it alone"
    )
    return Joined(joined, (about,))


def _may_be_classes(images: Sequence[PlacedImage], at: int) -> bool:
    """Whether folders `at` that depth, such as `part1`, hold no folders of classes, nor are within one."""
    holding = {image.path[at + 1 : -1] for image in images}
    if at == 0:
        return () in holding or len(holding) == 1
    kinds = {split_of(image.path[0]) for image in images}
    return len(holding) == 1 and "train" in kinds and None not in kinds


def _say_splits(images: Sequence[PlacedImage], at: int) -> bool:
    kinds = {split_of(image.path[at]) for image in images if len(image.path) > _DEPTH}
    return "train" in kinds and len(kinds) > 1 and None not in kinds


def is_part(name: str) -> bool:
    """Whether it is called like a numbered part of a dataset, such as `fold1`."""
    return _words(name) in _PARTS and any(map(str.isdecimal, name))


def _are_folds(names: Sequence[str]) -> bool:
    """Whether they are called like parts of which each may have all images."""
    return all(_words(name) in _FOLDS or _words(name) == "split" for name in names)


def _words(name: str) -> str:
    return re.sub(r"[\W\d_]+", "", name.casefold())


def _order(name: str) -> tuple[list[int], str]:
    return list(map(int, re.findall("[0-9]+", name))), name
