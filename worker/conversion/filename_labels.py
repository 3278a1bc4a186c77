"""Labels from the names of files, as in `train/cat.0.jpg`."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from archives.errors import InvalidArchive
from archives.names import quote
from specs.problem import quantity
from worker.conversion.filename_fields import Field, choose_field, read_field, split_parts
from worker.conversion.labels import MAX_ALONE, Label, Labels
from worker.conversion.members import FoundFile, count_common_folders
from worker.conversion.split_names import Key, Kind, innermost_split, name_beside_split, read_splits, split_of

_BETWEEN = r"\s._,;=#@+~-"
_NUMBERED = re.compile(rf"(.*?)[{_BETWEEN}]*[([]?\d+[)\]]?")
_SEVERAL_NUMBERS = re.compile(rf"^(.+?)(?:[{_BETWEEN}]+\d+)+$")
_PARTS_WITH_DIGITS = re.compile(rf"(?<![^{_BETWEEN}])[^{_BETWEEN}]*\d[^{_BETWEEN}]*(?:[{_BETWEEN}]+|$)")
# What systems add to the names of copies, Google Drive in front, and a second suffix, by Roboflow with a hash behind.
_COPY = re.compile(r"\s+(-\s+)?\(?(copy|복사본)\)?(\s+\(?\d+\)?)?$|^copy of (?=.)", re.IGNORECASE)
_SUFFIX = re.compile(r"[._](jpe?g|png|webp|gif|bmp|tiff?|chip)(\.rf\.[0-9a-f]+)?$", re.IGNORECASE)
# UUIDs, and hashes in hexadecimal digits.
_RANDOM = re.compile(
    rf"(?<![^{_BETWEEN}])([0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}"
    rf"|(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{{8,}})(?![^{_BETWEEN}])",
    re.IGNORECASE,
)
# Names without a class in front of a number, such as hashes, are as many classes as files.
_MAX_SINGLES = 10


def label_by_filenames(images: Sequence[FoundFile], field: int | None = None) -> Labels:
    """The class is what stands in front of the numbers at the end of the name, or of the last one if only the others
    tell classes apart. Parts with digits in front of it, such as the number of a person, belong to it unless they are
    found with several classes, or no class is found otherwise. `field`, from 1, names the part that is the class
    instead. The split is a folder of its name, else a word of the file's name, else train. Images of a number alone are
    left out. Raises InvalidArchive; AmbiguousNames if several parts may be the class."""
    common = count_common_folders(images)
    rows = [split_parts(stem_of(file.path[-1])) for file in images]
    chosen = choose_field(rows) if field is None else read_field(rows, field)
    numbered = [class_of(file.path[-1]) for file in images]
    labels: dict[int, Label] = {}
    unlabeled = []
    for file, read in zip(images, _read_parts(rows, chosen) if chosen else _choose_classes(numbered), strict=True):
        kind, folder = innermost_split(file.path[common:-1])
        kind, name = kind or read.kind, read.name
        if kind == "unlabeled" or not name:
            unlabeled.append(file.name)
        else:
            labels[file.position] = Label(kind or "train", name, folder)
    if _are_no_classes([label.name for label in labels.values()]):
        if field:
            raise InvalidArchive(_about_field(field, rows, images))
        example = f", such as {quote(images[0].name)}," if images else ""
        found = len({label.name for label in labels.values()})
        raise InvalidArchive(
            f"the names of its {quantity(len(images), 'image', 'images')}{example} begin with no class "
            f"({found:,} different ones found); expected names such as cat.0.jpg, cat_0.jpg or cat (1).jpg"
        )
    about = list(_about_unlabeled(unlabeled))
    if not field:
        read_as = [labels[file.position].name if file.position in labels else "" for file in images]
        guessed = [
            at
            for at, name in enumerate(read_as)
            if name and (chosen or name != numbered[at] or _SEVERAL_NUMBERS.match(name))
        ]
        if guessed:
            first = guessed[0]
            other = _other_part(rows[first], read_as[first], chosen)
            about.insert(0, _about_guessed(len(guessed), images[first], read_as[first], other))
    return Labels(labels, tuple(about))


def stem_of(filename: str) -> str:
    """Without suffixes and marks of copies."""
    stem = PurePosixPath(filename).stem
    while (plain := _COPY.sub("", _SUFFIX.sub("", stem))) != stem:
        stem = plain
    return stem


def class_of(filename: str) -> str:
    """What stands in front of the last number."""
    stem = _RANDOM.sub("0", stem_of(filename)).strip("_")
    found = _NUMBERED.fullmatch(stem)
    return found[1] if found else stem


class _Read(NamedTuple):
    """Of a name: the class, empty if it has none, and the split, None if it says none."""

    name: str
    kind: Kind | None


def _read_parts(rows: Sequence[Sequence[str]], field: Field) -> Iterator[_Read]:
    """What says splits are the other parts of the names, or else words of those of the `field`."""
    names = {at: value for at, value in enumerate(field.values) if value}
    others = {at: " ".join(part for number, part in enumerate(rows[at], 1) if number != field.number) for at in names}
    kinds = read_splits(others) or _split_off(names)
    return (_Read(names.get(at, ""), kinds.get(at)) for at in range(len(rows)))


def _choose_classes(numbered: Sequence[str]) -> Iterator[_Read]:
    """Of each of the `numbered` names."""
    shorter = {name: _SEVERAL_NUMBERS.sub(r"\1", name) for name in set(numbered)}
    classes = shorter if len(set(filter(None, shorter.values()))) > 1 else dict(zip(shorter, shorter, strict=True))
    named = [name for name in numbered if classes[name]]
    worded = {name: _worded(classes[name]) for name in named}
    if _are_crossed(classes, worded) or (
        _are_no_classes([classes[name] for name in named])
        and not _are_no_classes([worded[name] for name in named])
        and len(set(worded.values())) > 1
    ):
        classes |= worded
    found = {name: classes[name] for name in worded}
    kinds = _split_off(found)
    classes |= found
    return (_Read(classes[name], kinds.get(name)) for name in numbered)


def _split_off(names: dict[Key, str]) -> dict[Key, Kind]:
    """The splits that all `names` say, which are then left without them; none if nothing would be left of one."""
    kinds = read_splits(names)
    bare = {key: name_beside_split(names[key]) for key in kinds}
    if not all(bare.values()):
        return {}
    names |= bare
    return kinds


def _worded(name: str) -> str:
    """`name` without parts with digits, and what stands between them."""
    return _PARTS_WITH_DIGITS.sub("", name).strip(" ._,;=#@+~-")


def _are_crossed(classes: Mapping[str, str], worded: Mapping[str, str]) -> bool:
    """Whether most of what is no word is found with several of the words, as persons with several expressions are: it
    tells no classes apart."""
    if not all(worded.values()):
        return False
    words: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for name, each in worded.items():
        if digits := tuple(_PARTS_WITH_DIGITS.findall(classes[name])):
            words[digits].add(each)
    return 2 * sum(len(found) > 1 for found in words.values()) > len(words)


def _are_no_classes(names: Sequence[str]) -> bool:
    counts = Counter(names)
    are_alone = len(counts) == len(names) > MAX_ALONE
    return not all(counts) or not names or are_alone or (len(counts) > _MAX_SINGLES and 2 * len(counts) > len(names))


def _other_part(row: Sequence[str], name: str, chosen: Field | None) -> int:
    """The number of a part that may be the class as well as the one that was taken, `name`."""
    parts = ((number, part) for number, part in enumerate(row, 1) if not split_of(part))
    return next((number for number, part in parts if (number != chosen.number if chosen else part != name)), 1)


def _about_guessed(count: int, file: FoundFile, name: str, other: int) -> str:
    """Of `count` names with more than a class and a number."""
    images_have = quantity(count, "image has more than", "images have more than")
    return (
        f"{images_have} a class and a number in the name: {quote(file.name)} is taken for {quote(name)}; if this is "
        f"not the class, say which part of the names is, as in ?layout=filenames&field={other}"
    )


def _about_unlabeled(names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ()
    images = quantity(len(names), "image without a class in its name is", "images without a class in their names are")
    return (f"{images} left out, such as {quote(names[0])}",)


def _about_field(field: int, rows: Sequence[Sequence[str]], images: Sequence[FoundFile]) -> str:
    example = quote(images[0].path[-1])
    if all(len(row) < field for row in rows):
        return f"no name of its images, such as {example}, has a part {field}; {example} has {len(rows[0])}"
    return (
        f"part {field} of the names of its images, such as {example}, differs in most of them, so that it is no class"
    )
