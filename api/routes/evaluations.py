"""Routes of how a trained network does on datasets that it was not trained on."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from api.dependencies import SPEC_BYTES, BodyDep, SettingsDep, StoreDep, SyntaxDep
from api.routes.results import Chosen, Filter, MistakeList
from api.schemas import content
from api.wire.sample_images import SampleImages
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


def chosen_mistakes(experiment_id: str, dataset: str, wanted: Annotated[Filter, Depends()], store: StoreDep) -> Chosen:
    labels = store.evaluations.evaluation(experiment_id, dataset).confusion_matrix.labels
    predictions = store.evaluations.predictions(experiment_id, dataset)
    return wanted.chosen(labels, predictions, f"/experiments/{experiment_id}/evaluations/{dataset}/samples")


ChosenDep = Annotated[Chosen, Depends(chosen_mistakes)]


@router.get(f"{_EVALUATION}/mistakes")
def list_mistakes_on_dataset(chosen: ChosenDep) -> MistakeList:
    """What the network gets wrong there, as `GET /experiments/{id}/mistakes` lists it; `suspect=true` are samples of
    that dataset that are probably mislabelled."""
    return chosen.listed()


@router.get(f"{_EVALUATION}/mistakes.png", response_class=Response, responses=content.IMAGE)
def get_mistakes_sheet_on_dataset(
    experiment_id: str, dataset: str, chosen: ChosenDep, store: StoreDep, settings: SettingsDep
) -> Response:
    """The same mistakes on one sheet, a hundred at most."""
    split = store.evaluations.get(experiment_id, dataset).split
    return chosen.sheet(SampleImages(dataset, split, chosen.predictions, store, settings))


@router.get(f"{_EVALUATION}/samples/{{index}}.png", response_class=Response, responses=content.IMAGE)
def get_sample_image_on_dataset(
    experiment_id: str, dataset: str, index: int, store: StoreDep, settings: SettingsDep
) -> Response:
    """The image of one sample: of a mistake as the network received it, of another one as the dataset has it."""
    predictions = store.evaluations.predictions(experiment_id, dataset)
    split = store.evaluations.get(experiment_id, dataset).split
    return SampleImages(dataset, split, predictions, store, settings).png(index)
