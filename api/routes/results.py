"""Routes of the results of an experiment: evaluation and misclassified samples."""

from functools import partial

from fastapi import APIRouter, Response

from analysis.plots.contact_sheet import misclassified_sheet
from api import content
from api.access import READ
from api.dependencies import ExperimentsDep, ImagesDep, StoreDep
from api.results import SampleImagesDep, SelectionDep, datasets_of
from api.schemas.evaluations import MisclassifiedList
from api.wire.caching import ValidatorsDep, conditional
from api.wire.images import png_response, sample_url
from models_store.evaluations.evaluation import Evaluation
from specs.splits import SplitName

router = APIRouter(tags=["evaluation"], dependencies=[READ])


@router.get("/experiments/{experiment_id}/evaluation", response_model=Evaluation, responses=content.or_not_modified({}))
def get_evaluation(
    experiment_id: str, experiments: ExperimentsDep, validators: ValidatorsDep, split: SplitName = "test"
) -> Response:
    """Get the metrics of the published network on one split: loss, accuracy, metrics by class, confusion matrix (rows
    are the true classes), and how well its probabilities are calibrated, before and after its temperature. Not found
    before the experiment has succeeded."""
    return conditional(experiments.evaluation(experiment_id, split).model_dump_json(), content.JSON, validators)


@router.get("/experiments/{experiment_id}/mistakes")
def list_mistakes(
    experiment_id: str,
    selection: SelectionDep,
    store: StoreDep,
    images: ImagesDep,
    split: SplitName = "test",
) -> MisclassifiedList:
    """List the samples that the published network misclassifies, the most confident errors first unless `sort` says
    otherwise: `margin` by its lead over the second class, `pair` by true and predicted class, `index` by position.
    `true=4&predicted=6` is one cell of the confusion matrix, `suspect=true` those that are possibly mislabeled."""
    datasets = datasets_of(store.experiments.get(experiment_id))
    items = selection.samples(partial(sample_url, experiment_id, split), images.files(datasets))
    return MisclassifiedList(items=items, total=selection.total)


@router.get("/experiments/{experiment_id}/mistakes.png", response_class=Response, responses=content.IMAGE)
def get_mistakes_sheet(selection: SelectionDep, images: SampleImagesDep) -> Response:
    """Get the same samples on one contact sheet, a hundred at most, each with its true class, the predicted one and its
    probability."""
    return png_response(misclassified_sheet(selection, images))


@router.get(
    "/experiments/{experiment_id}/samples/{split}/{index}.png", response_class=Response, responses=content.IMAGE
)
def get_sample_image(index: int, images: SampleImagesDep) -> Response:
    """Get the image of one sample of a split: of a misclassified one as the network received it, of another one as the
    dataset has it."""
    return png_response(images.image(index))
