"""Routes of the results of an experiment: evaluation and misclassified samples."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from analysis.misclassified import Selection
from analysis.sample_images import SampleImages
from api.dependencies import ExperimentsDep, ImagesDep
from api.schemas import content
from api.wire.misclassified import MisclassifiedFilter, MisclassifiedList, misclassified_sheet
from api.wire.png import png
from api.wire.sample_urls import sample_url
from models_store.evaluations.evaluation import Evaluation
from specs.splits import SplitName

router = APIRouter(tags=["evaluation"])


@router.get("/experiments/{experiment_id}/evaluation")
def get_evaluation(experiment_id: str, experiments: ExperimentsDep, split: SplitName = "test") -> Evaluation:
    """Get the metrics of the published network on one split: loss, accuracy, metrics by class, confusion matrix (rows
    are the true classes), and how well its probabilities are calibrated, before and after its temperature. Not found
    before the experiment has succeeded."""
    return experiments.evaluation(experiment_id, split)


def select_misclassified(
    experiment_id: str,
    experiments: ExperimentsDep,
    requested: Annotated[MisclassifiedFilter, Depends()],
    split: SplitName = "test",
) -> Selection:
    labels = experiments.evaluation(experiment_id, split).confusion_matrix.labels
    return requested.select(labels, experiments.predictions(experiment_id, split))


SelectionDep = Annotated[Selection, Depends(select_misclassified)]


@router.get("/experiments/{experiment_id}/mistakes")
def list_mistakes(experiment_id: str, selection: SelectionDep, split: SplitName = "test") -> MisclassifiedList:
    """List the samples that the published network misclassifies, the most confident errors first unless `sort` says
    otherwise: `margin` by its lead over the second class, `pair` by true and predicted class, `index` by position.
    `true=4&predicted=6` is one cell of the confusion matrix, `suspect=true` those that are probably mislabeled."""
    items = selection.samples(partial(sample_url, experiment_id, split))
    return MisclassifiedList(items=items, total=selection.total)


@router.get("/experiments/{experiment_id}/mistakes.png", response_class=Response, responses=content.IMAGE)
def get_mistakes_sheet(
    experiment_id: str,
    selection: SelectionDep,
    experiments: ExperimentsDep,
    images: ImagesDep,
    split: SplitName = "test",
) -> Response:
    """Get the same samples on one contact sheet, a hundred at most, each with its true class, the predicted one and its
    probability."""
    dataset = experiments.get(experiment_id).dataset
    return misclassified_sheet(selection, SampleImages(split, selection.predictions, partial(images.open, dataset)))


@router.get(
    "/experiments/{experiment_id}/samples/{split}/{index}.png", response_class=Response, responses=content.IMAGE
)
def get_sample_image(
    experiment_id: str, split: SplitName, index: int, experiments: ExperimentsDep, images: ImagesDep
) -> Response:
    """Get the image of one sample of a split: of a misclassified one as the network received it, of another one as the
    dataset has it."""
    predictions = experiments.predictions(experiment_id, split)
    dataset = experiments.get(experiment_id).dataset
    return png(SampleImages(split, predictions, partial(images.open, dataset)).image(index))
