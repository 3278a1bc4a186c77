"""`POST /predictions/{id}/label`: what the image of a prediction shows."""

from fastapi import APIRouter
from pydantic import BaseModel

from api.dependencies import SPEC_BYTES, BodyDep, RecentDep, StoreDep, SyntaxDep
from api.schemas import examples
from api.wire.png import as_png, image_of
from models_store.corrections.correction import Correction
from models_store.errors import InvalidState
from models_store.predictions.recent import KeptPrediction
from models_store.store import Store
from specs.correction import parse_correction
from specs.dataset import Dataset
from specs.document import parse_document

router = APIRouter(tags=["predictions"])


class Corrected(BaseModel):
    """`predicted` is what the model of `experiment_id` took the image for, `label` what it was told to be, and
    `dataset` the name of the dataset that it has gone to."""

    prediction_id: str
    experiment_id: str
    predicted: str
    probability: float
    label: str
    dataset: str


@router.post(
    "/predictions/{prediction_id}/label",
    max_body_size=SPEC_BYTES,
    openapi_extra=examples.CORRECTION_BODY,
    responses={200: {"content": examples.CORRECTED}},
)
def post_label(prediction_id: str, body: BodyDep, syntax: SyntaxDep, store: StoreDep, recent: RecentDep) -> Corrected:
    """Tell which class the image of a prediction shows, by the class's name. The image, as the network received
    it, goes to the dataset `<name>-corrections`, which can be looked at and trained on like every other; a second
    answer to the same prediction takes the place of the first one.

    A prediction is kept for an hour, unless the settings say otherwise; then it is a 404.
    """
    kept = recent.get(prediction_id)
    source = _source_of(kept, store)
    wanted = parse_correction(parse_document(body, None if syntax == "merge-patch" else syntax), source)
    record = store.corrections.add(_correction(kept, wanted.label), source)
    return Corrected(
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
        raise InvalidState(f"dataset {kept.dataset} was deleted: which classes it had is not known any more")
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
        image=as_png(image_of(kept.sample)),
    )
