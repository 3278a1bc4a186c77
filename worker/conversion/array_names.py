"""What the names of arrays say: what they hold, of which split and which dataset."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from specs.splits import SourceSplit
from worker.conversion.split_names import innermost_split, split_of, words_of

_IMAGES = frozenset({"x", "image", "images", "img", "imgs", "data", "features"})
_LABELS = frozenset({"y", "label", "labels", "target", "targets"})
_FORMAT = frozenset({"idx", "ubyte"})
_TEST_SPLIT = re.compile(r"t10k", re.IGNORECASE)  # MNIST's name of its test split


class Role(NamedTuple):
    """`beside` are the words of the name that say neither what it holds nor its split: those of one dataset."""

    holds: Literal["images", "labels"]
    split: SourceSplit
    beside: tuple[str, ...] = ()

    @property
    def other(self) -> "Role":
        return self._replace(holds="labels" if self.holds == "images" else "images")


class Naming(NamedTuple):
    """`found_as` is the file or folder that names the split, empty if nothing does."""

    role: Role
    found_as: str


def read_name(path: Sequence[str], common: int) -> Naming | None:
    """Of the folders and the file of an array, with `common` folders around all of them. None if the name does not say
    what it holds, or if it is to be predicted."""
    *folders, file = path
    stem = _TEST_SPLIT.sub("test", file.removesuffix(".gz").removesuffix(".npy"))
    words = [part for word in words_of(stem) if word not in _FORMAT for part in _parts(word)]
    known = {*words} & (_LABELS | _IMAGES)
    kind, found_as = split_of(" ".join(words)), file
    if kind is None:
        kind, found_as = innermost_split(folders[common:])
    if not known or kind == "unlabeled":
        return None
    holds: Literal["images", "labels"] = "labels" if known & _LABELS else "images"
    beside = tuple(word for word in words if word not in known and split_of(word) is None)
    return Naming(Role(holds, kind or "train", beside), found_as)


def _parts(word: str) -> tuple[str, ...]:
    """`x` and `train` of `xtrain` and of `trainx`."""
    for axis, rest in ((word[0], word[1:]), (word[-1], word[:-1])):
        if axis in "xy" and split_of(rest):
            return axis, rest
    return (word,)
