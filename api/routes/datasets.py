"""`/datasets`: upload, list, look at, delete."""

import re
from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import quote

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from analysis.dataset_images import DatasetImages, choose
from analysis.plots.contact_sheet import contact_sheet
from api.dependencies import ImagesDep, SettingsDep, StoreDep
from api.schemas import content
from api.wire.classes import class_index
from api.wire.png import png
from api.wire.samples import BadRequestBody
from api.wire.uploads import receive_archive
from models_store.datasets.record import Counts, DatasetRecord
from models_store.errors import NotFound
from specs.dataset import DATASETS, NAME_PATTERN, Dataset
from specs.splits import SOURCE_SPLITS, SourceSplit

router = APIRouter(tags=["datasets"])
_MAX_ON_A_SHEET = 100
ClassFilter = Annotated[
    str | None, Query(alias="class", max_length=200, description="only this class, by name or by index from 0")
]
Limit = Annotated[int, Query(ge=1, le=_MAX_ON_A_SHEET)]


class DatasetView(BaseModel):
    """A dataset: what can be said of all of them, and of one that is not built in its `record`; one that was
    `collected` has the images that `POST /predictions/{id}/label` was told about. `counts` are samples by split
    for each class, in the order of `classes`; `shape` is null where sizes differ, and until it is known."""

    name: str
    origin: Literal["built-in", "uploaded", "collected"]
    status: str
    shape: tuple[int, ...] | None
    classes: tuple[str, ...] = ()
    counts: Counts = {}
    warnings: tuple[str, ...] = ()
    record: DatasetRecord | None = None


class DatasetList(BaseModel):
    items: list[DatasetView]
    next_cursor: None = None


class Sample(BaseModel):
    index: int
    label: str
    split: SourceSplit
    name: str
    image: str


class SampleList(BaseModel):
    items: list[Sample]
    next_cursor: None = None


def _built_in(facts: Dataset) -> DatasetView:
    counts: Counts = {"train": facts.training_counts, "test": facts.test_counts}
    return DatasetView(
        name=facts.name,
        origin="built-in",
        status="ready",
        shape=facts.image_shape,
        classes=facts.classes,
        counts=counts,
    )


def _uploaded(record: DatasetRecord) -> DatasetView:
    found = record.contents
    return DatasetView(
        name=record.name,
        origin="collected" if record.collected_from else "uploaded",
        status=record.status,
        shape=found.image_shape if found else None,
        classes=found.classes if found else (),
        counts=found.counts if found else {},
        warnings=found.warnings if found else (),
        record=record,
    )


@router.post(
    "/datasets",
    status_code=HTTPStatus.ACCEPTED,
    openapi_extra=content.ARCHIVE_BODY,
    responses=content.QUEUED,
)
async def upload_dataset(
    request: Request,
    store: StoreDep,
    settings: SettingsDep,
    response: Response,
    name: Annotated[str | None, Query(description="for a body that is the archive itself")] = None,
) -> DatasetRecord:
    """Upload images to train on: a zip, tar or tar.gz with one folder for each class, or with such folders in
    `train/` and `test/`. A worker then reads them; follow `GET /datasets/{name}` until its status is `ready`.
    """
    if name is not None:
        store.datasets.reject_taken(_valid(name))  # before it has been sent in vain
    with store.datasets.incoming() as archive:
        sent = await receive_archive(request, name, archive, settings.max_archive_bytes)
        record = await to_thread.run_sync(store.datasets.add, _valid(sent), archive)
    response.headers["Location"] = f"/datasets/{record.name}"
    return record


def _valid(name: str) -> str:
    if not re.fullmatch(NAME_PATTERN, name):
        raise BadRequestBody(
            f"{name[:60]!r} cannot be the name of a dataset: expected at most 50 small letters, digits, - and _, "
            "beginning with a letter or a digit, such as flowers-17"
        )
    return name


@router.get("/datasets")
def list_datasets(store: StoreDep) -> DatasetList:
    """All datasets that experiments can name, and those that are on their way: the built-in ones first."""
    built_in = [_built_in(facts) for facts in DATASETS.values()]
    return DatasetList(items=built_in + [_uploaded(record) for record in store.datasets.records()])


@router.get("/datasets/{name}")
def get_dataset(name: str, store: StoreDep) -> DatasetView:
    """Its shape, classes and counts; of an uploaded one also its status, progress, sizes, warnings, the files that
    could not be read, and why it failed."""
    return _built_in(DATASETS[name]) if name in DATASETS else _uploaded(store.datasets.get(name))


@router.delete("/datasets/{name}", status_code=HTTPStatus.NO_CONTENT)
def delete_dataset(name: str, store: StoreDep) -> None:
    """Delete an uploaded or collected dataset with its files, also while it is converted. Rejected while an experiment
    on it is queued, runs or has succeeded; failed and cancelled ones do not keep it."""
    store.datasets.delete(name, store.experiments.using_dataset)


@router.get("/datasets/{name}/samples")
def list_dataset_samples(
    name: str,
    images: ImagesDep,
    label: ClassFilter = None,
    split: SourceSplit | None = None,
    limit: Limit = 25,
) -> SampleList:
    """Some images with their labels, each with a link; of all classes in turn unless `class` names one."""
    samples = images.open(name)
    return SampleList(items=[_sample(name, samples, number) for number in _choose(samples, label, split, limit)])


def _choose(samples: DatasetImages, label: str | None, split: SourceSplit | None, limit: int) -> list[int]:
    """Raises NotFound for an unknown class."""
    return choose(samples, None if label is None else class_index(label, samples.classes), split, limit)


def _sample(name: str, samples: DatasetImages, number: int) -> Sample:
    return Sample(
        index=number,
        label=samples.classes[samples.labels[number]],
        split=SOURCE_SPLITS[samples.splits[number]],
        name=samples.name(number),
        image=f"/datasets/{quote(name)}/samples/{number}.png",
    )


@router.get("/datasets/{name}/samples.png", response_class=Response, responses=content.IMAGE)
def get_dataset_sheet(
    name: str,
    images: ImagesDep,
    label: ClassFilter = None,
    split: SourceSplit | None = None,
    limit: Limit = 25,
) -> Response:
    """The same images on one sheet, each with its class below it."""
    samples = images.open(name)
    numbers = _choose(samples, label, split, limit)
    # One by one: a hundred images of their own size take gigabytes.
    pairs = ((samples.image(number), samples.classes[samples.labels[number]]) for number in numbers)
    return png(contact_sheet(pairs, len(numbers)))


@router.get("/datasets/{name}/samples/{index}.png", response_class=Response, responses=content.IMAGE)
def get_dataset_image(name: str, index: int, images: ImagesDep) -> Response:
    """One image, upright, in its own size."""
    samples = images.open(name)
    if not 0 <= index < len(samples.labels):
        raise NotFound(f"{name} has no image {index}; it has 0 to {len(samples.labels) - 1}")
    return png(samples.image(index))
