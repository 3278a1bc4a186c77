"""`POST /predictions/{id}/label`."""

from fastapi import APIRouter

from api import content
from api.dependencies import BodyDep, RecentDep, StoreDep, SyntaxDep
from api.schemas.predictions import LabeledPrediction
from api.wire.posted_spec import parse_posted_document
from imaging.png import encode_png, to_image
from models_store.corrections.correction import Correction
from models_store.errors import InvalidState
from models_store.predictions.recent import KeptPrediction
from models_store.store import Store
from specs.correction import parse_correction
from specs.dataset import Dataset

router = APIRouter(tags=["predictions"])


@router.post("/predictions/{prediction_id}/label", openapi_extra=content.CORRECTION_BODY)
def label_prediction(
    prediction_id: str, body: BodyDep, syntax: SyntaxDep, store: StoreDep, recent: RecentDep
) -> LabeledPrediction:
    """Label the image of a prediction with the class that it shows, by the class's name. The image, as the network
    received it, is added to the dataset `<name>-corrections`, which can be listed and trained on as any other; labeled
    again, the image gets the new label.

    Predictions are kept for an hour unless the settings say otherwise; then the answer is 404.
    """
    kept = recent.get(prediction_id)
    source = _source_of(kept, store)
    wanted = parse_correction(parse_posted_document(body, syntax, '{"label": "7"}'), source)
    record = store.corrections.add(_correction(kept, wanted.label), source)
    return LabeledPrediction(
        prediction_id=kept.id,
        experiment_id=kept.experiment_id,
        predicted=kept.label,
        probability=round(kept.probability, 6),
        label=wanted.label,
        dataset=record.name,
    )


def _source_of(kept: KeptPrediction, store: Store) -> Dataset:
    source = store.known_datasets().get(kept.dataset)
    if source is None:
        raise InvalidState(f"dataset {kept.dataset} was deleted, and its classes with it")
    if kept.sample.ndim != 3:
        raise InvalidState(f"the samples of {kept.dataset} are numbers; only images are collected")
    return source


def _correction(kept: KeptPrediction, label: str) -> Correction:
    height, width, channels = kept.sample.shape
    return Correction(
        prediction_id=kept.id,
        experiment_id=kept.experiment_id,
        predicted=kept.label,
        probability=kept.probability,
        label=label,
        height=height,
        width=width,
        channels=channels,
        image=encode_png(to_image(kept.sample)),
    )
