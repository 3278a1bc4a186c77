"""Labels from folders: one for each class, within folders of splits if there are any."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from archives.errors import InvalidArchive
from archives.names import quote
from specs.problem import quantity
from worker.conversion.labels import Label, Labels
from worker.conversion.members import FoundFile
from worker.conversion.split_names import Kind, split_of

Path = tuple[str, ...]
_NAMED = 3
_EXPECTED = "expected one folder for each class, with its images, or train/ and test/ with such folders in them"
_TABLE_HINT = (
    "?layout=filenames takes the class from names such as cat.0.jpg, ?layout=csv from a table of files and labels"
)


class _Image(NamedTuple):
    """`path` is what is left of its path below the folders that all have in common."""

    path: Path
    file: FoundFile


def label_by_folders(images: Sequence[FoundFile], empty_folders: Iterable[Path]) -> Labels:
    """Labels of at least one image. A folder around all of it is looked through.

    Raises InvalidArchive, naming what is in the way, unless every image is in a class folder, and every class folder
    has images.
    """
    inner = _swap(_unwrap([_Image(file.path, file) for file in images]))
    if kinds := _split_folders(inner):
        labels, unlabeled = _label_splits(inner, kinds)
    else:
        labels, unlabeled = dict(_label_classes(inner)), []
        _reject_empty(empty_folders, images, labels)
    return Labels(labels, _about_unlabeled(unlabeled))


def _unwrap(images: list[_Image]) -> list[_Image]:
    while len({image.path[0] for image in images}) == 1 and all(len(image.path) > 2 for image in images):
        images = [image._replace(path=image.path[1:]) for image in images]
    return images


def _split_folders(images: Sequence[_Image]) -> dict[str, Kind]:
    """The folders of splits; empty if the outermost folders are classes."""
    tops = {image.path[0] for image in images if len(image.path) > 1}
    holding_folders = {image.path[0] for image in images if len(image.path) > 2}
    kinds = {top: kind for top in sorted(tops) if (kind := split_of(top))}
    if tops and not holding_folders and len(kinds) == len(tops):
        raise InvalidArchive(
            f"its images are in {' and '.join(f'{quote(top)}' for top in kinds)}, without a folder for each class; "
            f"{_TABLE_HINT}"
        )
    has_training = any(kinds.get(top) == "train" for top in holding_folders)
    return kinds if holding_folders and (has_training or holding_folders <= kinds.keys()) else {}


def _label_splits(images: Sequence[_Image], kinds: dict[str, Kind]) -> tuple[dict[int, Label], list[FoundFile]]:
    """The labels, and the images of splits without class folders, such as the test images of a competition."""
    labels: dict[int, Label] = {}
    unlabeled: list[FoundFile] = []
    inside: dict[str, list[_Image]] = {top: [] for top in kinds}
    for image in images:
        if len(image.path) == 1 or image.path[0] not in kinds:
            known = " and ".join(f"{top}/" for top in kinds)
            raise InvalidArchive(f"{quote(image.file.name)} is beside {known}; move it or leave it out; {_EXPECTED}")
        inside[image.path[0]].append(image._replace(path=image.path[1:]))
    for top, kind in kinds.items():
        inner = _unwrap(inside[top])
        if kind == "unlabeled" or (kind != "train" and all(len(image.path) == 1 for image in inner)):
            unlabeled += [image.file for image in inner]
        else:
            labels.update((at, label._replace(split=kind, found_as=top)) for at, label in _label_classes(inner))
    return labels, unlabeled


def _swap(images: list[_Image]) -> list[_Image]:
    """Folders of splits within those of classes, `cat/train/1.jpg`, the other way round."""
    if any(len(image.path) != 3 or split_of(image.path[0]) or not split_of(image.path[1]) for image in images):
        return images
    return [image._replace(path=(image.path[1], image.path[0], image.path[2])) for image in images]


def _label_classes(images: Sequence[_Image]) -> Iterator[tuple[int, Label]]:
    depths = Counter(len(image.path) for image in images)
    usual, number = depths.most_common(1)[0]
    if odd := next((image for image in images if len(image.path) != usual), None):
        where = "is too deep" if len(odd.path) > usual else "is beside the class folders, not in one"
        raise InvalidArchive(
            f"{quote(odd.file.name)} {where}, unlike {quantity(number, 'other image', 'other images')}; "
            f"move it or leave it out; {_EXPECTED}"
        )
    if usual == 1:
        raise InvalidArchive(f"its images, such as {quote(images[0].file.name)}, are in no class folder; {_TABLE_HINT}")
    if usual > 2:
        tops = sorted({image.path[0] for image in images})
        raise InvalidArchive(
            f"{quote(images[0].file.name)} is too deep, like all others: the folders {_listed(tops)} hold folders "
            f"instead of images; {_EXPECTED}"
        )
    for image in images:
        yield image.file.position, Label("train", image.path[0])


def _reject_empty(folders: Iterable[Path], images: Sequence[FoundFile], labels: dict[int, Label]) -> None:
    """Of class folders whose place is sure: beside those that have images."""
    parents = {image.path[:-2] for image in images}
    names = {label.name for label in labels.values()}
    for folder in folders:
        if folder[:-1] in parents and folder[-1] not in names:
            raise InvalidArchive(f"the class folder {quote('/'.join(folder))} is empty; fill it or leave it out")


def _about_unlabeled(files: Sequence[FoundFile]) -> tuple[str, ...]:
    if not files:
        return ()
    folders = sorted({"/".join(file.path[:-1]) for file in files})
    images = quantity(len(files), "image without a class folder is", "images without a class folder are")
    return (f"{images} left out: those in {_listed(folders)}",)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(quote, names[:_NAMED])) + (", ..." if len(names) > _NAMED else "")
