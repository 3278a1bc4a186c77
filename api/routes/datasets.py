"""`/datasets`: upload, list, show, hide and reveal test results, delete."""

import re
from functools import partial
from http import HTTPStatus
from typing import Annotated, NamedTuple

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request, Response
from PIL import Image

from analysis import plots
from analysis.dataset_images import DatasetImages, ImageSource, choose, choose_points
from analysis.plots.contact_sheet import contact_sheet
from api import content, request_bodies
from api.access import DATA, READ
from api.dependencies import BodyDep, ImagesDep, SettingsDep, StoreDep, SyntaxDep
from api.ownership import OWN_DATASET, Owner, WantedPrivacy
from api.schemas.datasets import DatasetList, DatasetSample, DatasetSampleList, DatasetView
from api.wire.body import BadRequestBody
from api.wire.caching import ValidatorsDep, conditional
from api.wire.images import plot_response, png_response
from api.wire.parameters import class_index
from api.wire.posted_spec import parse_posted_document
from api.wire.uploads import parse_options, receive_archive
from models_store.datasets.record import DatasetRecord, Layout
from models_store.errors import InvalidState, NotFound
from models_store.privacy import choose_privacy, edit_dataset_privacy
from models_store.store import Store
from specs.dataset import CORRECTIONS_SUFFIX, DATASETS, NAME_PATTERN
from specs.edit import parse_dataset_edit
from specs.splits import SourceSplit

router = APIRouter(tags=["datasets"])
_MAX_ON_A_SHEET = 100
_SHOWN = 25
_MAX_LISTED = 1_000
ClassName = Annotated[
    str | None, Query(alias="class", max_length=200, description="only this class, by name or by index from 0")
]
Limit = Annotated[int, Query(ge=1, le=_MAX_LISTED)]
Offset = Annotated[int, Query(ge=0, description="how many of the samples that match to skip")]
SheetLimit = Annotated[
    int | None,
    Query(ge=1, le=_MAX_ON_A_SHEET, description="default: 25 images, or all points"),
]


class SelectedSamples(NamedTuple):
    """`indices` of the samples that a request selects, of `total` that match."""

    images: DatasetImages
    indices: list[int]
    total: int


@router.post(
    "/datasets",
    status_code=HTTPStatus.ACCEPTED,
    openapi_extra=request_bodies.ARCHIVE,
    responses=content.QUEUED,
    dependencies=[DATA],
)
async def upload_dataset(
    request: Request,
    store: StoreDep,
    settings: SettingsDep,
    owner: Owner,
    response: Response,
    name: Annotated[str | None, Query(description="name of the dataset if the body is the archive itself")] = None,
    layout: Annotated[
        Layout | None,
        Query(
            description="where the labels are: `folders`, `filenames` as in `cat.0.jpg`, `csv` for a table of files "
            "and labels, `parquet`; `auto` takes folders, or parquet if there are only such files"
        ),
    ] = None,
    names: Annotated[
        str | None,
        Query(
            max_length=50,
            description="encoding of file names for which the archive states none, such as gbk or shift_jis; by "
            "default UTF-8 where that is valid, else cp437",
        ),
    ] = None,
    field: Annotated[
        str | None,
        Query(
            max_length=50,
            description="number, from 1, of the part of file names that is the class, for `layout=filenames`: 2 in "
            "`0017_cat.jpg`",
        ),
    ] = None,
    private: WantedPrivacy = None,
) -> DatasetRecord:
    """Upload images to train on: a zip, tar or tar.gz with one folder for each class, or with such folders in
    `train/`, `val/` and `test/`, or as `layout` says. A worker then converts them; poll `GET /datasets/{name}` until
    its status is `ready`. A form may have `layout`, `names` and `field` as fields. What is `private`, and all that is
    trained on it, is there for its owner, their teacher and admins alone; its name is taken all the same.
    """

    def check_name(name: str) -> None:
        store.datasets.reject_existing(_check_name(name))

    parse_options(layout, names, field)  # before the archive is sent in vain, like its name
    if name is not None:
        check_name(name)
    await to_thread.run_sync(store.quotas.check_bytes, owner)
    is_private = choose_privacy(store, owner, private)
    with store.datasets.receive_archive() as archive:
        in_url = {"name": name, "layout": layout, "names": names, "field": field}
        with store.quotas.receiving(owner) as count:
            sent = await receive_archive(request, in_url, archive, settings.max_archive_bytes, check_name, count)
        await to_thread.run_sync(store.quotas.check_bytes, owner, archive.tell())
        add = partial(store.datasets.add, _check_name(sent.name), archive, sent.options, owner, is_private)
        record = await to_thread.run_sync(add)
    response.headers["Location"] = f"/datasets/{record.name}"
    return record


def _check_name(name: str) -> str:
    if not re.fullmatch(NAME_PATTERN, name):
        raise BadRequestBody(
            f"{name[:60]!r} is not a valid dataset name; expected at most 50 lower-case letters, digits, - and _, "
            "starting with a letter or a digit, such as flowers-17"
        )
    if name.endswith(CORRECTIONS_SUFFIX):
        raise BadRequestBody(
            f"{name!r} cannot be uploaded: names that end in {CORRECTIONS_SUFFIX} are those of collected labels; "
            "expected another name"
        )
    return name


@router.get("/datasets", response_model=DatasetList, responses=content.or_not_modified({}), dependencies=[READ])
def list_datasets(store: StoreDep, images: ImagesDep, validators: ValidatorsDep) -> Response:
    """List all datasets that experiments can name, and those that are being converted: the built-in ones first."""
    holdout = store.experiments.holdout
    built_in = [DatasetView.of_built_in(facts, images.has_images(facts), holdout) for facts in DATASETS.values()]
    found = DatasetList(items=built_in + [DatasetView.of_record(each, holdout) for each in store.datasets.records()])
    return conditional(found.model_dump_json(), content.JSON, validators)


@router.get("/datasets/{name}", response_model=DatasetView, responses=content.or_not_modified({}), dependencies=[READ])
def get_dataset(name: str, store: StoreDep, images: ImagesDep, validators: ValidatorsDep) -> Response:
    """Get the shape, classes and counts of a dataset; of an uploaded one also its status, progress, sizes, warnings,
    unreadable files, and the reason if it failed."""
    return conditional(_view(name, store, images).model_dump_json(), content.JSON, validators)


def _view(name: str, store: Store, images: ImageSource) -> DatasetView:
    facts, holdout = DATASETS.get(name), store.experiments.holdout
    if facts is not None:
        return DatasetView.of_built_in(facts, images.has_images(facts), holdout)
    return DatasetView.of_record(store.datasets.get(name), holdout)


@router.patch("/datasets/{name}", openapi_extra=request_bodies.DATASET_EDIT, dependencies=[DATA, OWN_DATASET])
def edit_dataset(name: str, body: BodyDep, syntax: SyntaxDep, store: StoreDep, images: ImagesDep) -> DatasetView:
    """Hide the results on a dataset's test split, built in or uploaded: `{"hide_test": true}`. No answer has test
    metrics, test predictions or misclassified test samples of its experiments any more, until
    `POST /datasets/{name}:reveal`. Or make an uploaded one `private`, with all that is trained on it, or public again,
    without that. The body is a JSON merge patch."""
    edit = parse_dataset_edit(parse_posted_document(body, syntax, '{"hide_test": true}'))
    reveals = "hide_test" in edit.model_fields_set and not edit.hide_test
    if reveals and _view(name, store, images).test_split.hidden:
        raise InvalidState(f"the test results of {name} are hidden; POST /datasets/{name}:reveal, which is recorded")
    if "private" in edit.model_fields_set:
        edit_dataset_privacy(store, name, edit.private)
    if edit.hide_test:
        store.datasets.hide_test(name)
    return _view(name, store, images)


@router.post("/datasets/{name}:reveal", dependencies=[DATA, OWN_DATASET])
def reveal_test_results(name: str, store: StoreDep, images: ImagesDep) -> DatasetView:
    """Reveal the test results that `hide_test` withholds. The time is recorded. From then on, looks at them are
    counted again."""
    store.datasets.reveal_test(name)
    return _view(name, store, images)


@router.delete("/datasets/{name}", status_code=HTTPStatus.NO_CONTENT, dependencies=[DATA, OWN_DATASET])
def delete_dataset(name: str, store: StoreDep) -> None:
    """Delete an uploaded or collected dataset with its files, even while it is converted. Rejected while an experiment
    on it is queued, runs or has succeeded; failed and cancelled ones do not keep it."""
    store.datasets.delete(name, lambda used: store.experiments.named(store.experiments.users_of_dataset(used)))


def select_samples(
    name: str,
    images: ImagesDep,
    label: ClassName = None,
    split: SourceSplit | None = None,
    limit: Limit = _SHOWN,
    offset: Offset = 0,
) -> SelectedSamples:
    dataset = images.open(name)
    matching = choose(dataset, class_index(label, dataset.classes), split)
    return SelectedSamples(dataset, matching[offset : offset + limit], len(matching))


SelectedSamplesDep = Annotated[SelectedSamples, Depends(select_samples)]


@router.get("/datasets/{name}/samples", dependencies=[READ])
def list_dataset_samples(name: str, samples: SelectedSamplesDep) -> DatasetSampleList:
    """List images with their files, labels and URLs; of all classes in turn unless `class` names one. `total` counts
    all that match: `offset` selects the next page."""
    items = [DatasetSample.of(name, samples.images, index) for index in samples.indices]
    return DatasetSampleList(items=items, total=samples.total)


@router.get("/datasets/{name}/samples.png", response_class=Response, responses=content.IMAGE, dependencies=[READ])
def get_dataset_sheet(
    name: str,
    images: ImagesDep,
    label: ClassName = None,
    split: SourceSplit | None = None,
    limit: SheetLimit = None,
    offset: Offset = 0,
) -> Response:
    """Get the same images on one contact sheet, a hundred at most, each with its class below it; of a dataset of points
    a plot of them."""
    facts = DATASETS.get(name)
    if facts is not None and not facts.has_images:
        points = choose_points(class_index(label, facts.classes), split, limit, offset)
        return plot_response("png", lambda: plots.points.points_figure(name, *points, facts.classes))
    samples = select_samples(name, images, label, split, _SHOWN if limit is None else limit, offset)
    return png_response(_contact_sheet(samples))


def _contact_sheet(samples: SelectedSamples) -> Image.Image:
    images = samples.images
    # One by one: a hundred images of their own size take gigabytes.
    pairs = ((images.image(index), images.classes[images.labels[index]]) for index in samples.indices)
    return contact_sheet(pairs, len(samples.indices))


@router.get(
    "/datasets/{name}/samples/{index}.png", response_class=Response, responses=content.IMAGE, dependencies=[READ]
)
def get_dataset_image(name: str, index: int, images: ImagesDep) -> Response:
    """Get one image, upright, in its own size."""
    dataset = images.open(name)
    if not 0 <= index < len(dataset.labels):
        raise NotFound(f"{name} has no image {index}; it has 0 to {len(dataset.labels) - 1}")
    return png_response(dataset.image(index))
