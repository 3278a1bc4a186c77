"""Plots of specs: of an experiment, or of a spec that is not queued."""

from fastapi import APIRouter, Response

from analysis import plots
from analysis.dataset_images import ImageSource
from analysis.plots.preview_samples import preview_samples
from api import content, request_bodies
from api.access import READ
from api.dependencies import BodyDep, ImagesDep, StoreDep, SyntaxDep
from api.wire.images import PlotFormat, plot_response
from api.wire.posted_spec import parse_posted_spec
from models_store.experiments.record import Record
from models_store.store import Store
from specs.experiment import ExperimentSpec

router = APIRouter(tags=["plots"], dependencies=[READ])


@router.get(
    "/experiments/{experiment_id}/plots/augmentation.{image_format}",
    response_class=Response,
    responses=content.PLOT,
)
def plot_augmentation(experiment_id: str, image_format: PlotFormat, store: StoreDep, images: ImagesDep) -> Response:
    """Plot the input of the network: training samples after preprocessing, each with augmented copies, and their labels
    if images are mixed. Before the experiment has read its dataset, it shows samples of another experiment on the
    dataset, images of the dataset, or drawn test cards; the plot names their origin."""
    record = store.experiments.get(experiment_id)
    return _plot_augmentation(store.spec_of(record), image_format, store, images, record)


@router.get(
    "/experiments/{experiment_id}/plots/learning_rate.{image_format}",
    response_class=Response,
    responses=content.PLOT,
)
def plot_learning_rate(experiment_id: str, image_format: PlotFormat, store: StoreDep) -> Response:
    """Plot the planned learning rate by step."""
    spec = store.spec_of(store.experiments.get(experiment_id))
    return plot_response(image_format, lambda: plots.learning_rate.learning_rate_figure(spec))


@router.post(
    "/experiments:plot/augmentation.{image_format}",
    openapi_extra=request_bodies.SPEC,
    response_class=Response,
    responses=content.PLOT,
)
def plot_augmentation_of_spec(
    body: BodyDep, syntax: SyntaxDep, image_format: PlotFormat, store: StoreDep, images: ImagesDep
) -> Response:
    """Plot the input of a network for the spec in the body, without queueing it: samples of the newest experiment on
    the dataset, else images of the dataset, else drawn test cards."""
    return _plot_augmentation(parse_posted_spec(body, syntax, store), image_format, store, images)


@router.post(
    "/experiments:plot/learning_rate.{image_format}",
    openapi_extra=request_bodies.SPEC,
    response_class=Response,
    responses=content.PLOT,
)
def plot_learning_rate_of_spec(body: BodyDep, syntax: SyntaxDep, image_format: PlotFormat, store: StoreDep) -> Response:
    """Plot the planned learning rate by step for the spec in the body, without queueing it."""
    spec = parse_posted_spec(body, syntax, store)
    return plot_response(image_format, lambda: plots.learning_rate.learning_rate_figure(spec))


def _plot_augmentation(
    spec: ExperimentSpec, image_format: PlotFormat, store: Store, images: ImageSource, record: Record | None = None
) -> Response:
    samples, origin = preview_samples(spec, store.experiments, images, record)
    # Outside of the drawing, which is one at a time.
    sheet = plots.augmented_samples.augment_samples(spec, samples)
    return plot_response(image_format, lambda: plots.augmentation.augmentation_figure(spec, sheet, origin))
