"""The layout that fits an upload without class folders, found by trying the others."""

import re
from collections.abc import Callable
from pathlib import PurePosixPath

from archives.errors import InvalidArchive
from archives.names import quote
from worker.conversion.filename_fields import AmbiguousNames
from worker.conversion.filename_labels import label_by_filenames
from worker.conversion.labels import Labels, order_classes
from worker.conversion.members import Listing

_BOXES = (".txt", ".xml")  # YOLO has one of these for each image, Pascal VOC one of those
_COCO = re.compile(r"(.*[_.-])?(annotations?|instances|coco)([_.-].*)?\.json", re.IGNORECASE)
_ADVICE = (
    "put the images into one folder for each class, or add a table of files and labels, such as labels.csv, and send "
    "the archive with ?layout=csv"
)


def describe_fitting_layout(listing: Listing, label_by_tables: Callable[[], Labels]) -> str:
    """What to do, in words; no `layout` is named that would be rejected."""
    if listing.parquets:
        return f"?layout=parquet reads the labels of {quote(listing.parquets[0].name)}"
    if not listing.tables:
        return _describe_filenames(listing)
    table = quote(listing.tables[0].name)
    try:
        order_classes(label_by_tables().by_position.values())
    except InvalidArchive as error:
        return f"{_describe_filenames(listing)}; ?layout=csv rejects {table}: {error}"
    return f"?layout=csv reads the labels of {table}"


def _describe_filenames(listing: Listing) -> str:
    try:
        labels = label_by_filenames(listing.images).by_position
        order_classes(labels.values())
    except AmbiguousNames as error:
        return str(error)
    except InvalidArchive:
        return _describe_boxes(listing)
    file = next(file for file in listing.images if file.position in labels)
    name = quote(labels[file.position].name)
    return f"?layout=filenames takes the class from the names, such as {name} from {quote(file.path[-1])}"


def _describe_boxes(listing: Listing) -> str:
    stems = {PurePosixPath(file.path[-1]).stem for file in listing.images}
    ignored = [PurePosixPath(name) for name in listing.ignored]
    boxes = next(
        (path for path in ignored if _COCO.fullmatch(path.name) or (path.suffix in _BOXES and path.stem in stems)), None
    )
    found = f"{quote(str(boxes))} looks like annotations of objects within images, which are not supported; "
    return f"{found if boxes else ''}{_ADVICE}"
