"""Labels of the images of an upload, by their place in the archive, and the classes that follow from them."""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from archives.errors import InvalidArchive
from archives.names import quote
from specs.splits import SOURCE_SPLITS, SourceSplit
from worker.conversion.split_names import name_beside_split

MAX_CLASSES = 1_000
CLASS_CHARACTERS = 100
HIDDEN = "-1"
# As many images may have a class of their own, to try a layout out.
MAX_ALONE = 3
# As NumPy, pandas and spreadsheets write what is missing.
_MISSING = frozenset({"nan", "<na>", "#n/a"})
_BRACKETS = re.compile(r"[\[{](.+[,;|].+|\s*[\d.]+(\s+[\d.]+)+\s*)[\]}]")
_SEPARATORS = ";,+&"
_SIGNS = 2  # -1, 0 and 1 are classes of their own
# Control characters, and Unicode's separators of lines and paragraphs.
_INVALID = {"Cc", "Zl", "Zp"}
_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_WHOLE = re.compile(r"[+-]?\d+")


class NoClasses(InvalidArchive):
    """This layout has no classes; another one may."""


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


def clean(text: str) -> str:
    """A name from a table, in Unicode's composed form, as those of files are, without blanks around it."""
    return unicodedata.normalize("NFC", text).strip()


def fraction_error(label: object, source: str) -> InvalidArchive:
    """Numbers that are not whole are measured, and no classes."""
    return InvalidArchive(
        f"{source} has the label {label}; expected text or integers; to predict measured numbers is not supported, "
        "name a class for each range of them, such as `small`"
    )


def whole_number(value: float, source: str) -> int | None:
    """As pandas writes integers of which some are missing, which are None. Raises InvalidArchive for a fraction."""
    if math.isnan(value):
        return None
    if not float(value).is_integer():
        raise fraction_error(value, source)
    return int(value)


def reject_fractions(names: Collection[str], source: str) -> None:
    """Raises InvalidArchive if `names`, all labels of tables of text, are numbers that are not all whole."""
    fractions = sorted(name for name in names if not _WHOLE.fullmatch(name))
    if fractions and all(map(_NUMBER.fullmatch, names)):
        raise fraction_error(fractions[0], source)


def is_missing(label: str) -> bool:
    return not label or label.casefold() in _MISSING


def reject_captions(names: Sequence[str], source: str) -> None:
    """Raises InvalidArchive if `names`, the labels of all images, differ throughout."""
    if len(set(names)) == len(names) > MAX_ALONE:
        raise InvalidArchive(
            f"each line of {source} has a label of its own, such as {quote(min(names))}; expected classes that several "
            "images share"
        )


def find_lists(names: Collection[str]) -> frozenset[str]:
    """Those of `names` that list several labels: `cat|dog` and `['cat', 'dog']` always; with other separators if all
    parts are labels elsewhere, and these are no levels, as in `tomato, healthy`, which have a place each."""
    found = {name for name in names if _BRACKETS.fullmatch(name) or len(_parts(name, "|")) > 1}
    for separator in _SEPARATORS:
        lists = {name: parts for name in names if len(parts := _parts(name, separator)) > 1}
        counts = Counter(chain.from_iterable(lists.values()))
        places = {place for parts in lists.values() for place in enumerate(parts)}
        have_places = len(places) == len(counts) and not counts.keys() & set(names)
        for name, parts in lists.items():
            if not have_places and all(part in names or counts[part] > 1 for part in parts):
                found.add(name)
    return frozenset(found)


def _parts(name: str, separator: str) -> list[str]:
    return [part for each in name.split(separator) if (part := each.strip())]


def find_hidden(labels: Iterable[Label]) -> frozenset[SourceSplit]:
    """The splits in which the label -1 says that the label is secret, as Hugging Face has it: beside classes 0 to n,
    which are more than two, or where the split for training has none."""
    names: dict[SourceSplit, set[str]] = defaultdict(set)
    for label in labels:
        names[label.split].add(label.name)
    others = set().union(*names.values()) - {HIDDEN}
    if others != set(map(str, range(len(others)))):
        return frozenset()
    return frozenset(
        split
        for split, found in list(names.items())
        if HIDDEN in found and (len(others) > _SIGNS or HIDDEN not in names["train"])
    )


def separate_public(labels: Iterable[Label]) -> Callable[[Label], Label]:
    """What makes the public one of two test splits, `PublicTest` and `PrivateTest` as competitions call them, the
    validation split, unless there is another one. In `test_public` the word may be that of a class."""
    found = set(labels)
    classes = {label.name.casefold() for label in found}
    named = {label.found_as for label in found if label.split == "test"}
    tests = {name for name in named if name_beside_split(name).casefold() not in classes}
    public = {name for name in tests if "public" in name.casefold()}
    are_two = any("private" in name.casefold() for name in tests) and "validation" not in {
        label.split for label in found
    }
    return lambda label: label._replace(split="validation") if are_two and label.found_as in public else label


def order_classes(labels: Iterable[Label]) -> tuple[str, ...]:
    """By number where all are numbers, else by name. Raises InvalidArchive for too few or too many, and for names that
    are alike, blank, or not printable on one line; NoClasses for a single one."""
    found = {(label.split, label.name) for label in labels}
    names = {name for _, name in found}
    trained = {name for split, name in found if split == "train"}
    if not found:
        raise InvalidArchive(
            f"no image has a label other than {HIDDEN}, which says that it is secret; add labels to train on"
        )
    if not trained:
        splits = " and ".join(sorted({split for split, _ in found}))
        raise InvalidArchive(f"all images are of {splits}, none to train on; name the folder of those train/")
    _check_names(names)
    if untrained := sorted(names - trained):
        splits = " and ".join(split for split in SOURCE_SPLITS if (split, untrained[0]) in found)
        raise InvalidArchive(
            f"class {quote(untrained[0])} is in {splits} only; add images of it to train, or leave it out"
        )
    if len(names) < 2:
        raise NoClasses(f"it has one class only, {quote(min(names))}; expected at least 2")
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


def _check_names(names: Iterable[str]) -> None:
    seen: dict[str, str] = {}
    for name in sorted(names):
        categories = {unicodedata.category(each) for each in name}
        if all(each[0] in "CZ" for each in categories):
            raise InvalidArchive(f"the class name {quote(name)} is blank; name the class")
        if categories & _INVALID:
            raise InvalidArchive(
                f"the class name {quote(name)} has a control character or a line break; rename the class"
            )
        if len(name) > CLASS_CHARACTERS:
            raise InvalidArchive(f"the class name {quote(name)} is longer than {CLASS_CHARACTERS} characters")
        if (first := seen.setdefault(name.strip().casefold(), name)) != name:
            how = "case" if first.casefold() == name.casefold() else "blanks or case"
            raise InvalidArchive(f"the classes {quote(first)} and {quote(name)} differ in {how} only; merge them")
