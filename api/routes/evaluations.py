"""Routes of evaluations on datasets that the network was not trained on."""

from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from analysis.misclassified import Selection
from analysis.plots.contact_sheet import misclassified_sheet
from analysis.sample_images import SampleImages
from api import content, request_bodies
from api.access import READ, RUN, KeyDep
from api.dependencies import BodyDep, ImagesDep, StoreDep, SyntaxDep
from api.ownership import Owner, may_change
from api.results import MisclassifiedFilter, labels_given_in
from api.schemas.evaluations import EvaluationList, EvaluationView, MisclassifiedList
from api.wire.images import cross_dataset_sample_url, png_response
from api.wire.posted_spec import parse_posted_document
from models_store.evaluations.record import EvaluationRecord, EvaluationStatus
from specs.evaluation import parse_evaluation

router = APIRouter(tags=["evaluation"])
_EVALUATION = "/experiments/{experiment_id}/evaluations/{dataset}"


@router.post(
    "/experiments/{experiment_id}/evaluations",
    status_code=HTTPStatus.ACCEPTED,
    openapi_extra=request_bodies.EVALUATION,
    responses=content.QUEUED,
    dependencies=[RUN],
)
def create_evaluation(
    experiment_id: str, body: BodyDep, syntax: SyntaxDep, store: StoreDep, owner: Owner, key: KeyDep, response: Response
) -> EvaluationRecord:
    """Queue an evaluation of the trained network on another dataset: all of it, its official test split (`test`), or
    all but that (`train`). Classes are matched by name; the network must know all those of the dataset. Images are
    prepared as for `POST /predict`, with `"prep": "none"` only resized.

    The last evaluation on each dataset is kept, and a new request replaces it. While one is queued or runs, the same
    request is answered with it, and another split or `prep` is rejected. So it is with a finished one for who may not
    change the experiment.
    """
    document = parse_posted_document(body, syntax, '{"dataset": "mnist"}')
    if isinstance(document.get("dataset"), str):
        store.datasets.reject_unready(document["dataset"])
    spec = parse_evaluation(document, store.known_datasets())
    may_replace = may_change(store.experiments.get(experiment_id).owner, key, store)
    record = store.evaluations.add(experiment_id, spec, owner, may_replace)
    response.headers["Location"] = f"/experiments/{experiment_id}/evaluations/{record.dataset}"
    return record


@router.get("/experiments/{experiment_id}/evaluations", dependencies=[READ])
def list_evaluations(experiment_id: str, store: StoreDep) -> EvaluationList:
    """List the evaluations on other datasets, finished or not, with a few metrics each."""
    return EvaluationList(items=store.evaluations.records(experiment_id))


@router.get(_EVALUATION, dependencies=[READ])
def get_evaluation_on_dataset(experiment_id: str, dataset: str, store: StoreDep) -> EvaluationView:
    """Get the status and progress of an evaluation, and the reason if it failed; after success all metrics, with the
    temperature that was fitted on the validation split of the training."""
    record = store.evaluations.get(experiment_id, dataset)
    done = record.status is EvaluationStatus.SUCCEEDED
    evaluation = store.evaluations.evaluation(experiment_id, dataset) if done else None
    return EvaluationView(**dict(record), evaluation=evaluation)


def select_misclassified(
    experiment_id: str, dataset: str, requested: Annotated[MisclassifiedFilter, Depends()], store: StoreDep
) -> Selection:
    labels = store.evaluations.evaluation(experiment_id, dataset).confusion_matrix.labels
    predictions = store.evaluations.predictions(experiment_id, dataset)
    return requested.select(labels, predictions, labels_given_in([dataset], store))


def open_sample_images(experiment_id: str, dataset: str, store: StoreDep, images: ImagesDep) -> SampleImages:
    split = store.evaluations.get(experiment_id, dataset).split
    predictions = store.evaluations.predictions(experiment_id, dataset)
    return SampleImages(split, predictions, partial(images.open, dataset))


SelectionDep = Annotated[Selection, Depends(select_misclassified)]
SampleImagesDep = Annotated[SampleImages, Depends(open_sample_images)]


@router.get(f"{_EVALUATION}/mistakes", dependencies=[READ])
def list_mistakes_on_dataset(
    experiment_id: str, dataset: str, selection: SelectionDep, store: StoreDep, images: ImagesDep
) -> MisclassifiedList:
    """List the samples that the network misclassifies there, as `GET /experiments/{id}/mistakes` does; `suspect=true`
    are samples of that dataset that are possibly mislabeled."""
    url = partial(cross_dataset_sample_url, experiment_id, dataset)
    items = selection.samples(url, images.files([dataset]))
    return MisclassifiedList(items=items, total=selection.total)


@router.get(f"{_EVALUATION}/mistakes.png", response_class=Response, responses=content.IMAGE, dependencies=[READ])
def get_mistakes_sheet_on_dataset(selection: SelectionDep, images: SampleImagesDep) -> Response:
    """Get the same samples on one contact sheet, a hundred at most."""
    return png_response(misclassified_sheet(selection, images))


@router.get(
    f"{_EVALUATION}/samples/{{index}}.png", response_class=Response, responses=content.IMAGE, dependencies=[READ]
)
def get_sample_image_on_dataset(index: int, images: SampleImagesDep) -> Response:
    """Get the image of one sample: of a misclassified one as the network received it, of another one as the dataset has
    it."""
    return png_response(images.image(index))
