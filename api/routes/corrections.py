"""Labels that users give: of predictions, and of samples of datasets."""

from anyio import move_on_after, sleep, to_thread
from fastapi import APIRouter, Depends

from api import request_bodies
from api.access import TEACH
from api.dependencies import BodyDep, ImagesDep, RecentDep, ServicesDep, StoreDep, SyntaxDep
from api.results import datasets_of
from api.sample_corrections import EvaluatedSample
from api.schemas.predictions import LabeledPrediction, LabeledSample
from api.wire.posted_spec import parse_posted_document
from imaging.png import encode_png, to_image
from models_store.corrections.correction import Correction
from models_store.errors import InvalidState
from models_store.predictions.recent import OTHERS_WRITE_SECONDS, KeptPrediction
from models_store.store import Store
from specs.correction import parse_correction
from specs.dataset import Dataset
from specs.splits import SplitName

router = APIRouter(tags=["predictions"], dependencies=[TEACH])
_EXAMPLE = '{"label": "7"}'
_LOOK_SECONDS = 0.05


async def await_written(prediction_id: str, services: ServicesDep) -> None:
    """What another process has just kept may still be in its buffer. No thread waits for that: any new id that was made
    up would hold one."""
    with move_on_after(OTHERS_WRITE_SECONDS):
        while await to_thread.run_sync(services.recent.may_come, prediction_id, limiter=services.looking):
            await sleep(_LOOK_SECONDS)


@router.post(
    "/predictions/{prediction_id}/label",
    openapi_extra=request_bodies.CORRECTION,
    dependencies=[Depends(await_written)],
)
def label_prediction(
    prediction_id: str, body: BodyDep, syntax: SyntaxDep, store: StoreDep, recent: RecentDep
) -> LabeledPrediction:
    """Label the image of a prediction with the class that it shows, by the class's name. The image, as the network
    received it, is added to the dataset `<name>-corrections`, which can be listed and trained on as any other; labeled
    again, the image gets the new label.

    Predictions are kept for an hour unless the settings say otherwise; then the answer is 404.
    """
    kept = recent.get(prediction_id, lambda each: store.experiments.privacy(each).is_shown)
    source = _source_of(kept, store)
    wanted = parse_correction(parse_posted_document(body, syntax, _EXAMPLE), source)
    record = store.corrections.add(_correction(kept, wanted.label), source)
    return LabeledPrediction(
        prediction_id=kept.id,
        experiment_id=kept.experiment_id,
        predicted=kept.label,
        probability=round(kept.probability, 6),
        label=wanted.label,
        dataset=record.name,
    )


@router.post(
    "/experiments/{experiment_id}/samples/{split}/{index}/label",
    openapi_extra=request_bodies.CORRECTION,
    tags=["evaluation"],
)
def label_sample(
    experiment_id: str,
    split: SplitName,
    index: int,
    body: BodyDep,
    syntax: SyntaxDep,
    store: StoreDep,
    images: ImagesDep,
) -> LabeledSample:
    """Correct the label of a sample that an experiment was evaluated on, by the name of the class that it shows;
    `index` counts within the split, as in the list of misclassified samples. The image is added to the dataset
    `<name>-corrections`, with its new label; the sample keeps its own. Labeled again, the image gets the new label.

    In the training split of an experiment that adds `<name>-corrections` the image has the new label alone. One that
    is validated or tested on the sample does not train on it, so that its results can be compared with others.
    """
    record = store.experiments.get(experiment_id)
    labels = store.experiments.evaluation(experiment_id, split).confusion_matrix.labels
    sample = EvaluatedSample(experiment_id, labels, store.experiments.predictions(experiment_id, split), index)
    at = sample.locate(datasets_of(record), store.known_datasets())
    wanted = parse_correction(parse_posted_document(body, syntax, _EXAMPLE), at.source)
    known = store.corrections.find(at.source, at.number)
    correction = known.relabel(wanted.label) if known else sample.correct(at, wanted.label, images)
    dataset = store.corrections.add(correction, at.source)
    return LabeledSample(
        source=at.source.name,
        sample=at.number,
        true=sample.true,
        predicted=sample.predicted,
        label=wanted.label,
        dataset=dataset.name,
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
