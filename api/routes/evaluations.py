"""Routes of how a trained network does on datasets that it was not trained on."""

from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from analysis.misclassified import Selection
from analysis.sample_images import SampleImages
from api.dependencies import SPEC_BYTES, BodyDep, ImagesDep, StoreDep, SyntaxDep
from api.schemas import content
from api.wire.misclassified import MisclassifiedFilter, MisclassifiedList, misclassified_sheet
from api.wire.png import png
from api.wire.sample_urls import cross_dataset_sample_url
from models_store.evaluations.evaluation import CrossDatasetEvaluation
from models_store.evaluations.record import EvaluationRecord, EvaluationStatus
from specs.document import parse_document
from specs.evaluation import parse_evaluation

router = APIRouter(tags=["evaluation"])
_EVALUATION = "/experiments/{experiment_id}/evaluations/{dataset}"


class EvaluationView(EvaluationRecord):
    """The record, and `evaluation`, which has the shape that `GET /experiments/{id}/evaluation` answers; null until it
    has succeeded."""

    evaluation: CrossDatasetEvaluation | None


class EvaluationList(BaseModel):
    items: list[EvaluationRecord]
    next_cursor: None = None


@router.post(
    "/experiments/{experiment_id}/evaluations",
    status_code=HTTPStatus.ACCEPTED,
    max_body_size=SPEC_BYTES,
    openapi_extra=content.EVALUATION_BODY,
    responses=content.QUEUED,
)
def create_evaluation(
    experiment_id: str, body: BodyDep, syntax: SyntaxDep, store: StoreDep, response: Response
) -> EvaluationRecord:
    """Have a worker ask the trained network about another dataset: all of it, its official test split (`test`), or all
    but that (`train`). Classes are matched by name; those of the dataset must all be known to the network.

    Of each dataset the last evaluation is kept: asked for again it is done anew. While one is queued or runs, the
    same request answers with it as it is, and another split is rejected.
    """
    document = parse_document(body, None if syntax == "merge-patch" else syntax)
    if isinstance(document.get("dataset"), str):
        store.datasets.reject_unready(document["dataset"])
    record = store.evaluations.add(experiment_id, parse_evaluation(document, store.known_datasets()))
    response.headers["Location"] = f"/experiments/{experiment_id}/evaluations/{record.dataset}"
    return record


@router.get("/experiments/{experiment_id}/evaluations")
def list_evaluations(experiment_id: str, store: StoreDep) -> EvaluationList:
    """What the network was evaluated on beside its own dataset, or is going to be, with a few of the figures."""
    return EvaluationList(items=store.evaluations.records(experiment_id))


@router.get(_EVALUATION)
def get_evaluation_on_dataset(experiment_id: str, dataset: str, store: StoreDep) -> EvaluationView:
    """Status, progress, why it failed; after success all figures, with the temperature that was fitted on the
    validation split of the training."""
    record = store.evaluations.get(experiment_id, dataset)
    done = record.status is EvaluationStatus.SUCCEEDED
    evaluation = store.evaluations.evaluation(experiment_id, dataset) if done else None
    return EvaluationView(**dict(record), evaluation=evaluation)


def select_misclassified(
    experiment_id: str, dataset: str, requested: Annotated[MisclassifiedFilter, Depends()], store: StoreDep
) -> Selection:
    labels = store.evaluations.evaluation(experiment_id, dataset).confusion_matrix.labels
    return requested.select(labels, store.evaluations.predictions(experiment_id, dataset))


SelectionDep = Annotated[Selection, Depends(select_misclassified)]


@router.get(f"{_EVALUATION}/mistakes")
def list_mistakes_on_dataset(experiment_id: str, dataset: str, selection: SelectionDep) -> MisclassifiedList:
    """List the samples that the network misclassifies there, as `GET /experiments/{id}/mistakes` does; `suspect=true`
    are samples of that dataset that are probably mislabeled."""
    items = selection.samples(partial(cross_dataset_sample_url, experiment_id, dataset))
    return MisclassifiedList(items=items, total=selection.total)


@router.get(f"{_EVALUATION}/mistakes.png", response_class=Response, responses=content.IMAGE)
def get_mistakes_sheet_on_dataset(
    experiment_id: str, dataset: str, selection: SelectionDep, store: StoreDep, images: ImagesDep
) -> Response:
    """Get the same samples on one contact sheet, a hundred at most."""
    split = store.evaluations.get(experiment_id, dataset).split
    return misclassified_sheet(selection, SampleImages(split, selection.predictions, partial(images.open, dataset)))


@router.get(f"{_EVALUATION}/samples/{{index}}.png", response_class=Response, responses=content.IMAGE)
def get_sample_image_on_dataset(
    experiment_id: str, dataset: str, index: int, store: StoreDep, images: ImagesDep
) -> Response:
    """Get the image of one sample: of a misclassified one as the network received it, of another one as the dataset has
    it."""
    predictions = store.evaluations.predictions(experiment_id, dataset)
    split = store.evaluations.get(experiment_id, dataset).split
    return png(SampleImages(split, predictions, partial(images.open, dataset)).image(index))
