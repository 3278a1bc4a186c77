"""Labels from folders: one for each class, within folders of splits if there are any."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from archives.errors import InvalidArchive
from archives.names import quote, quote_some
from specs.problem import quantity
from worker.conversion.folds import PlacedImage, is_part, join_folds
from worker.conversion.labels import Label, Labels, NoClasses
from worker.conversion.members import FoundFile
from worker.conversion.split_names import TRAINVAL, Kind, innermost_split, name_beside_split, split_of, without_split

Path = tuple[str, ...]
_NAMED = 3
# Folders of kinds of files, within or beside those of splits: no names of classes.
_IMAGES = frozenset({"image", "images", "img", "imgs", "jpegimages", "pngimages"})
_OTHERS = frozenset(
    {"mask", "masks", "label", "labels", "annotation", "annotations", "segmentationclass", "segmentationobject"}
    | {"groundtruth", "gt", "trimaps"}
)
_EXPECTED = "expected one folder for each class, with its images, or train/ and test/ with such folders in them"


def label_by_folders(images: Sequence[FoundFile], bare_folders: Mapping[Path, str | None]) -> Labels:
    """Labels of at least one image. A folder around all of it is looked through. `bare_folders` have no image, but
    the file that each is given with.

    Raises InvalidArchive, naming what is in the way, unless every image is in a class folder, and every class folder
    has images; NoClasses if no image is in one.
    """
    folded = join_folds(_unwrap([PlacedImage(file.path, file) for file in images]))
    swapped = _swap(_unwrap(folded.images))
    inner = _name_splits_first(swapped)
    if kinds := _split_folders(inner):
        labels, unlabeled = _label_splits(inner, kinds)
        labels = dict(_found_as_written(labels, images))
    else:
        labels, unlabeled = dict(_label_classes(inner)), []
    told = {file.position for file in unlabeled} | labels.keys()
    masks = [image.file for image in folded.images if image.file.position not in told]
    return Labels(
        labels,
        (
            *folded.warnings,
            *([] if inner is swapped else _about_named_splits(swapped)),
            *_about_bare(bare_folders, images, labels),
            *_about_masks(masks),
            *_about_unlabeled(unlabeled),
        ),
    )


def _unwrap(images: list[PlacedImage]) -> list[PlacedImage]:
    while len({image.path[0] for image in images}) == 1 and all(len(image.path) > 2 for image in images):
        images = [image._replace(path=image.path[1:]) for image in images]
    return images


def _split_folders(images: Sequence[PlacedImage]) -> dict[str, Kind]:
    """The folders of splits; empty if the outermost folders are classes."""
    tops = {image.path[0] for image in images if len(image.path) > 1}
    holding_folders = {image.path[0] for image in images if len(image.path) > 2}
    kinds = {top: kind for top in sorted(tops) if (kind := split_of(top))}
    if "train" in {kind for top, kind in kinds.items() if _key(top) != TRAINVAL}:
        kinds = {top: kind for top, kind in kinds.items() if _key(top) != TRAINVAL}
    rests = set(map(without_split, tops))
    if not holding_folders and len(set(kinds.values())) == 1 and len(rests) == len(tops) > 1 and all(rests):
        return {}  # `covid_test` and `healthy_test` are classes
    if tops and not holding_folders and len(kinds) == len(tops):
        found = " and ".join(map(quote, kinds))
        raise NoClasses(f"its images are in {found}, without a folder for each class")
    has_training = any(kinds.get(top) == "train" for top in holding_folders)
    return kinds if holding_folders and (has_training or holding_folders <= kinds.keys()) else {}


def _label_splits(images: Sequence[PlacedImage], kinds: dict[str, Kind]) -> tuple[dict[int, Label], list[FoundFile]]:
    """The labels, and the images of splits without class folders, such as the test images of a competition."""
    labels: dict[int, Label] = {}
    unlabeled: list[FoundFile] = []
    inside: dict[str, list[PlacedImage]] = {top: [] for top in kinds}
    for image in images:
        if len(image.path) == 1 or image.path[0] not in kinds:
            known = " and ".join(f"{top}/" for top in kinds)
            raise InvalidArchive(f"{quote(image.file.name)} is beside {known}; move it or leave it out; {_EXPECTED}")
        inside[image.path[0]].append(image._replace(path=image.path[1:]))
    for top, kind in kinds.items():
        inner = _unwrap(inside[top])
        if kind == "unlabeled" or (kind != "train" and _are_unsorted(inner)):
            unlabeled += [image.file for image in inner]
        else:
            labels.update((at, label._replace(split=kind, found_as=top)) for at, label in _label_classes(inner))
    return labels, unlabeled


def _found_as_written(labels: Mapping[int, Label], images: Sequence[FoundFile]) -> Iterator[tuple[int, Label]]:
    """The labels with the folders that name their splits as the upload has them."""
    for file in images:
        if label := labels.get(file.position):
            is_written = label.found_as in file.path
            yield file.position, label if is_written else label._replace(found_as=innermost_split(file.path[:-1])[1])


def _are_unsorted(images: Sequence[PlacedImage]) -> bool:
    """Whether they are in no folder, or in a single one that is no class, as in `test/images/1.jpg`."""
    folders = {image.path[:-1] for image in images}
    return folders == {()} or (
        len(folders) == 1 and all(_key(each) in _IMAGES or split_of(each) for folder in folders for each in folder)
    )


def _key(folder: str) -> str:
    return "".join(filter(str.isalnum, folder.casefold()))


def _swap(images: list[PlacedImage]) -> list[PlacedImage]:
    """Folders of splits within those of classes, `cat/train/1.jpg`, the other way round."""
    if any(len(image.path) != 3 or split_of(image.path[0]) or not split_of(image.path[1]) for image in images):
        return images
    return [image._replace(path=(image.path[1], image.path[0], image.path[2])) for image in images]


def _name_splits_first(images: list[PlacedImage]) -> list[PlacedImage]:
    """Splits in the names of classes, `train_cat/1.jpg` and `test_cat/2.jpg`, as folders around these. Those of one
    split alone, such as `covid_test` and `healthy_test`, are classes; numbers, as in `train_1` and `test_1`, may be
    those of parts."""
    if any(len(image.path) != 2 for image in images):
        return images
    tops = {image.path[0] for image in images}
    kinds = {top: kind for top in tops if (kind := split_of(top))}
    classes = {top: name_beside_split(top) for top in kinds}
    trained = {classes[top] for top, kind in kinds.items() if kind == "train"}
    if (
        kinds.keys() != tops
        or len(set(kinds.values())) < 2
        or len(trained) < 2
        or not trained.issuperset(filter(None, classes.values()))
        or "" in trained
        or all(name.isdecimal() or is_part(name) for name in trained)
    ):
        return images
    return [
        image._replace(path=(kinds[image.path[0]], *filter(None, [classes[image.path[0]]]), image.path[1]))
        for image in images
    ]


def _without_kinds(images: Sequence[PlacedImage]) -> Sequence[PlacedImage]:
    """`cat/images/1.jpg` or `images/cat/1.jpg` as `cat/1.jpg`, without the masks beside it in `masks/`."""
    if any(len(image.path) != 3 for image in images):
        return images
    for at in (1, 0):
        kinds = {_key(image.path[at]) for image in images}
        # `images/` alone around classes is a folder around all of it, and looked through.
        if kinds & _IMAGES and kinds <= _IMAGES | _OTHERS and (at or kinds & _OTHERS):
            return [
                image._replace(path=(image.path[1 - at], image.path[2]))
                for image in images
                if _key(image.path[at]) in _IMAGES
            ]
    return images


def _label_classes(images: Sequence[PlacedImage]) -> Iterator[tuple[int, Label]]:
    images = _without_kinds(images)
    depths = Counter(len(image.path) for image in images)
    usual, number = depths.most_common(1)[0]
    if odd := next((image for image in images if len(image.path) != usual), None):
        where = "is too deep" if len(odd.path) > usual else "is beside the class folders, not in one"
        raise InvalidArchive(
            f"{quote(odd.file.name)} {where}, unlike {quantity(number, 'other image', 'other images')}; "
            f"move it or leave it out; {_EXPECTED}"
        )
    tops = sorted({image.path[0] for image in images})
    if usual == 1:
        raise NoClasses(f"its images, such as {quote(images[0].file.name)}, are in no class folder")
    if usual > 2:
        raise InvalidArchive(
            f"{quote(images[0].file.name)} is too deep, like all others: the folders {quote_some(tops)} hold folders "
            f"instead of images; {_EXPECTED}"
        )
    kinds = set(map(_key, tops))
    if len(kinds) > 1 and kinds <= _IMAGES | _OTHERS and kinds & _OTHERS:
        raise NoClasses(f"its folders {quote_some(tops)} are named for kinds of files, not for classes")
    for image in images:
        yield image.file.position, Label("train", image.path[0])


def _about_bare(
    folders: Mapping[Path, str | None], images: Sequence[FoundFile], labels: Mapping[int, Label]
) -> Iterator[str]:
    """Of those beside the folders of classes. One that is empty, or within a split, was meant for a class; any other
    may hold notes or programs. Raises InvalidArchive."""
    labeled = [(file.path, labels[file.position]) for file in images if file.position in labels]
    # In `cat/train/1.jpg` the folder of the class is the outer one.
    own = [label.name in (path[-2], name_beside_split(path[-2])) for path, label in labeled]
    parents = {path[:-2]: bool(label.found_as) for (path, label), is_own in zip(labeled, own, strict=True) if is_own}
    parents |= {path[:-3]: False for (path, _), is_own in zip(labeled, own, strict=True) if not is_own}
    names = {label.name for _, label in labeled}
    other = []
    for folder, held in folders.items():
        if folder[:-1] in parents and folder[-1] not in names:
            name = quote("/".join(folder))
            # A single class is none: it may be images/ beside labels/.
            if held is None or (parents[folder[:-1]] and len(names) > 1):
                found = "is empty" if held is None else f"has no image, only other files, such as {quote(held)}"
                raise InvalidArchive(f"the class folder {name} {found}; fill it or leave it out")
            other.append(f"{name} with {quote(held)}")
    if other:
        found = quantity(
            len(other), "folder beside those of the classes has", "folders beside those of the classes have"
        )
        listed = ", ".join(other[:_NAMED]) + (", ..." if len(other) > _NAMED else "")
        yield f"{found} no image and will be no class: {listed}"


def _about_named_splits(images: Sequence[PlacedImage]) -> Iterator[str]:
    first = min(image.path[0] for image in images if split_of(image.path[0]) == "train")
    yield (
        f"the names of the folders of classes are taken for splits as well: {quote(first)} is read as images of "
        f"{quote(name_beside_split(first))} for training"
    )


def _about_masks(files: Sequence[FoundFile]) -> Iterator[str]:
    if files:
        folders = sorted({"/".join(file.path[:-1]) for file in files})
        masks = quantity(len(files), "image in a folder of masks is", "images in folders of masks are")
        yield f"{masks} left out: those in {quote_some(folders)}"


def _about_unlabeled(files: Sequence[FoundFile]) -> tuple[str, ...]:
    if not files:
        return ()
    folders = sorted({"/".join(file.path[:-1]) for file in files})
    images = quantity(len(files), "image without a class folder is", "images without a class folder are")
    return (f"{images} left out: those in {quote_some(folders)}",)
