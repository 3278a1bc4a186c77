"""Labels from the names of files, as in `train/cat.0.jpg`."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from archives.errors import InvalidArchive
from archives.names import quote
from specs.problem import quantity
from worker.conversion.labels import Label, Labels
from worker.conversion.members import FoundFile
from worker.conversion.split_names import split_of

_NUMBERED = re.compile(r"(.*?)[\s._-]*[([]?\d+[)\]]?")
# Names without a class in front of a number, such as hashes, are as many classes as files.
_MAX_SINGLES = 10


def label_by_filenames(images: Sequence[FoundFile]) -> Labels:
    """The class is what stands in front of the number at the end of the name; the split is a folder of its name, else
    train. Images of a number alone are left out. Raises InvalidArchive."""
    labels: dict[int, Label] = {}
    unlabeled = []
    for file in images:
        name = class_of(file.path[-1])
        kind, folder = next(
            ((kind, each) for each in reversed(file.path[:-1]) if (kind := split_of(each))), ("train", "")
        )
        if kind == "unlabeled" or not name:
            unlabeled.append(file.name)
        else:
            labels[file.position] = Label(kind, name, folder)
    names = sorted({label.name for label in labels.values()})
    if not labels or (len(names) > _MAX_SINGLES and 2 * len(names) > len(labels)):
        example = f", such as {quote(images[0].name)}," if images else ""
        raise InvalidArchive(
            f"the names of its {quantity(len(images), 'image', 'images')}{example} begin with no class "
            f"({len(names):,} different ones found); expected names such as cat.0.jpg, cat_0.jpg or cat (1).jpg"
        )
    return Labels(labels, _about_unlabeled(unlabeled))


def class_of(filename: str) -> str:
    stem = PurePosixPath(filename).stem
    numbered = _NUMBERED.fullmatch(stem)
    return numbered[1] if numbered else stem


def _about_unlabeled(names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ()
    images = quantity(len(names), "image without a class in its name is", "images without a class in their names are")
    return (f"{images} left out, such as {quote(names[0])}",)
