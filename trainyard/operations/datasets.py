"""Datasets: list, upload, delete, samples."""

import re

import httpx2

from trainyard.answers.base import ItemList
from trainyard.answers.datasets import Dataset, DatasetRecord
from trainyard.archives import Archive
from trainyard.errors import Conflict, UploadError
from trainyard.figure import Figure
from trainyard.operations.operation import Operation, read_as, read_nothing, segment

# The API's, which checks them as well.
NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,49}$"
LAYOUTS = ("auto", "folders", "filenames", "csv", "parquet")
_JSON = {"Content-Type": "application/merge-patch+json"}
UPLOAD_SILENCE_SECONDS = 600.0  # a large archive takes its time to reach the disk


def datasets() -> Operation[ItemList[Dataset]]:
    """The built-in and the uploaded datasets."""
    return Operation("GET", "/datasets", read_as(ItemList[Dataset]))


def dataset(name: str) -> Operation[Dataset]:
    """One dataset: classes, counts, warnings."""
    return Operation("GET", _path_of(name), read_as(Dataset))


def add_dataset(
    name: str,
    archive: Archive,
    layout: str | None = None,
    names: str | None = None,
    private: bool | None = None,
    field: int | None = None,
) -> Operation[DatasetRecord]:
    """Upload a zip, a tar, a parquet or .npz file, or a folder. A worker converts it; see `wait_for_dataset`.

    `layout` says where labels are: `folders`, `filenames`, `csv` or `parquet`. `names` is the encoding of file names
    for which the archive states none, such as gbk; `field` the part of file names, from 1, that is the class. What is
    `private`, with all that is trained on it, is there for its owner, their teacher and admins alone; None is your
    default. Raises UploadError for an invalid name or layout, and Conflict for the name of an existing dataset, before
    a folder is packed.
    """
    if not re.fullmatch(NAME_PATTERN, name):
        raise UploadError(
            f"{name[:60]!r} is not a valid dataset name; expected at most 50 lower-case letters, digits, - and _, "
            "starting with a letter or a digit, such as flowers-17"
        )
    if layout is not None and layout not in LAYOUTS:
        raise UploadError(f"unknown layout {layout[:50]!r}; expected one of {', '.join(LAYOUTS)}")
    return Operation(
        "POST",
        "/datasets",
        read_as(DatasetRecord),
        {"name": name, "layout": layout, "names": names, "field": field, "private": private},
        archive=archive,
        silence_seconds=UPLOAD_SILENCE_SECONDS,
        unless=Operation("GET", _path_of(name), _reject_existing),
    )


def set_dataset_private(name: str, private: bool) -> Operation[Dataset]:
    """Make an uploaded dataset private, with all that is trained on it, or public again, without that."""
    content = b'{"private": true}' if private else b'{"private": false}'
    return Operation("PATCH", _path_of(name), read_as(Dataset), content=content, headers=_JSON)


def hide_test(name: str) -> Operation[Dataset]:
    """Withhold all results on the test split of a dataset, built in or uploaded, until `reveal_test`."""
    return Operation("PATCH", _path_of(name), read_as(Dataset), content=b'{"hide_test": true}', headers=_JSON)


def reveal_test(name: str) -> Operation[Dataset]:
    """Show the test results of a dataset again; that is recorded. Raises Conflict if they are not hidden."""
    return Operation("POST", f"{_path_of(name)}:reveal", read_as(Dataset))


def delete_dataset(name: str) -> Operation[None]:
    """Delete an uploaded dataset. Raises Conflict while an experiment needs it."""
    return Operation("DELETE", _path_of(name), read_nothing)


def samples_sheet(
    name: str,
    label: str | None = None,
    split: str | None = None,
    limit: int | None = None,
    offset: int | None = None,
) -> Operation[Figure]:
    """A contact sheet of samples, of all classes or the class `label`, from `train`, `validation` or `test`; `offset`
    skips the first ones."""
    params = {"class": label, "split": split, "limit": limit, "offset": offset}
    return Operation("GET", f"{_path_of(name)}/samples.png", Figure.of, params)


def _reject_existing(response: httpx2.Response) -> None:
    found = read_as(Dataset)(response)
    if found.record is None:
        detail = f"{found.name} is the name of a built-in dataset; choose another name"
    else:
        detail = f"dataset {found.name} exists already; delete it first or choose another name"
    raise Conflict(409, "Conflict", detail)


def _path_of(name: str) -> str:
    return f"/datasets/{segment(name)}"
