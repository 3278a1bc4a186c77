"""Labels from the names of files, as in `train/cat.0.jpg`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from archives.errors import InvalidArchive
from archives.names import quote
from specs.problem import quantity
from worker.conversion.labels import Label, Labels
from worker.conversion.members import FoundFile, count_common_folders
from worker.conversion.split_names import innermost_split

_NUMBERED = re.compile(r"(.*?)[\s._-]*[([]?\d+[)\]]?")
_SEVERAL_NUMBERS = re.compile(r"^(.+?)(?:[\s._-]+\d+)+$")
# Names without a class in front of a number, such as hashes, are as many classes as files.
_MAX_SINGLES, _MAX_ALONE = 10, 3


def label_by_filenames(images: Sequence[FoundFile]) -> Labels:
    """The class is what stands in front of the numbers at the end of the name, or of the last one if only the others
    tell classes apart; the split is a folder of its name, else train. Images of a number alone are left out. Raises
    InvalidArchive."""
    common = count_common_folders(images)
    classes = {file.position: class_of(file.path[-1]) for file in images}
    shorter = {name: _SEVERAL_NUMBERS.sub(r"\1", name) for name in set(classes.values())}
    taken = shorter if len(set(filter(None, shorter.values()))) > 1 else dict(zip(shorter, shorter, strict=True))
    labels: dict[int, Label] = {}
    unlabeled = []
    for file in images:
        name = taken[classes[file.position]]
        kind, folder = innermost_split(file.path[common:-1])
        if kind == "unlabeled" or not name:
            unlabeled.append(file.name)
        else:
            labels[file.position] = Label(kind or "train", name, folder)
    names = {label.name for label in labels.values()}
    are_alone = len(names) == len(labels) > _MAX_ALONE
    if not labels or are_alone or (len(names) > _MAX_SINGLES and 2 * len(names) > len(labels)):
        example = f", such as {quote(images[0].name)}," if images else ""
        raise InvalidArchive(
            f"the names of its {quantity(len(images), 'image', 'images')}{example} begin with no class "
            f"({len(names):,} different ones found); expected names such as cat.0.jpg, cat_0.jpg or cat (1).jpg"
        )
    numbered = [file for file in images if shorter[name := classes[file.position]] != name and file.position in labels]
    return Labels(labels, (*_about_numbered(numbered, labels), *_about_unlabeled(unlabeled)))


def class_of(filename: str) -> str:
    """What stands in front of the last number."""
    stem = PurePosixPath(filename).stem
    numbered = _NUMBERED.fullmatch(stem)
    return numbered[1] if numbered else stem


def _about_numbered(files: Sequence[FoundFile], labels: Mapping[int, Label]) -> Iterator[str]:
    if files:
        images = quantity(len(files), "image has several numbers", "images have several numbers")
        yield (
            f"{images} at the end of the name: {quote(files[0].name)} is taken for "
            f"{quote(labels[files[0].position].name)}; if this is not the class, use folders or ?layout=csv"
        )


def _about_unlabeled(names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ()
    images = quantity(len(names), "image without a class in its name is", "images without a class in their names are")
    return (f"{images} left out, such as {quote(names[0])}",)
