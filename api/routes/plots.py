"""Routes of plots of specs: of an experiment, or of a spec that is not queued."""

from typing import Literal

from fastapi import APIRouter, Response

from analysis.dataset_images import ImageSource
from analysis.plots.preview_samples import preview_samples
from api.dependencies import SPEC_BYTES, BodyDep, ImagesDep, StoreDep, SyntaxDep
from api.routes.experiments import posted_spec
from api.schemas import content
from models_store.experiments.record import Record
from models_store.store import Store
from specs.experiment import ExperimentSpec

router = APIRouter(tags=["plots"])
Format = Literal["png", "svg"]
MEDIA_TYPES = {"png": "image/png", "svg": "image/svg+xml"}


@router.get(
    "/experiments/{experiment_id}/plots/augmentation.{image_format}",
    response_class=Response,
    responses=content.PLOT,
)
def plot_augmentation(experiment_id: str, image_format: Format, store: StoreDep, images: ImagesDep) -> Response:
    """Plot the input of the network: training samples after preprocessing, each with augmented copies, and their labels
    if images are mixed. Before the experiment has read its dataset, it shows samples of another experiment on the
    dataset, images of the dataset, or drawn test cards; the plot names their origin."""
    record = store.experiments.get(experiment_id)
    return _augmentation(store.spec_of(record), image_format, store, images, record)


@router.get(
    "/experiments/{experiment_id}/plots/learning_rate.{image_format}",
    response_class=Response,
    responses=content.PLOT,
)
def plot_learning_rate(experiment_id: str, image_format: Format, store: StoreDep) -> Response:
    """Plot the planned learning rate by step."""
    return _learning_rate(store.spec_of(store.experiments.get(experiment_id)), image_format)


@router.post(
    "/experiments:plot/augmentation.{image_format}",
    max_body_size=SPEC_BYTES,
    openapi_extra=content.SPEC_BODY,
    response_class=Response,
    responses=content.PLOT,
)
def plot_augmentation_of_spec(
    body: BodyDep, syntax: SyntaxDep, image_format: Format, store: StoreDep, images: ImagesDep
) -> Response:
    """Plot the input of a network for the spec in the body, without queueing it: samples of the newest experiment on
    the dataset, else images of the dataset, else drawn test cards."""
    return _augmentation(posted_spec(body, syntax, store), image_format, store, images)


@router.post(
    "/experiments:plot/learning_rate.{image_format}",
    max_body_size=SPEC_BYTES,
    openapi_extra=content.SPEC_BODY,
    response_class=Response,
    responses=content.PLOT,
)
def plot_learning_rate_of_spec(body: BodyDep, syntax: SyntaxDep, image_format: Format, store: StoreDep) -> Response:
    """Plot the planned learning rate by step for the spec in the body, without queueing it."""
    return _learning_rate(posted_spec(body, syntax, store), image_format)


def _augmentation(
    spec: ExperimentSpec, image_format: Format, store: Store, images: ImageSource, record: Record | None = None
) -> Response:
    from analysis.plots import augmentation, augmented_samples, figure  # noqa: PLC0415 - see the package

    samples, origin = preview_samples(spec, store.experiments, images, record)
    sheet = augmented_samples.augment_samples(spec, samples)
    image = figure.render(lambda: augmentation.augmentation_figure(spec, sheet, origin), image_format)
    return Response(image, media_type=MEDIA_TYPES[image_format])


def _learning_rate(spec: ExperimentSpec, image_format: Format) -> Response:
    from analysis.plots import figure, learning_rate  # noqa: PLC0415 - see the package

    image = figure.render(lambda: learning_rate.learning_rate_figure(spec), image_format)
    return Response(image, media_type=MEDIA_TYPES[image_format])
