"""Routes of images: of an experiment, and of a spec that is only being thought of."""

from typing import Literal

from fastapi import APIRouter, Response

from analysis.plots.samples import samples_for
from api.dependencies import SPEC_BYTES, BodyDep, SettingsDep, StoreDep, SyntaxDep
from api.routes.experiments import posted_spec
from api.schemas import content
from models_store.experiments.record import Record
from models_store.store import Store
from settings import Settings
from specs.experiment import ExperimentSpec

router = APIRouter(tags=["plots"])
Format = Literal["png", "svg"]
MEDIA_TYPES = {"png": "image/png", "svg": "image/svg+xml"}


@router.get(
    "/experiments/{experiment_id}/plots/augmentation.{image_format}",
    response_class=Response,
    responses=content.PLOT,
)
def plot_augmentation(experiment_id: str, image_format: Format, store: StoreDep, settings: SettingsDep) -> Response:
    """What the network is shown: training samples after preprocessing, each beside changed copies of itself, with
    their labels where images are mixed. Before the experiment has read its dataset, samples of another experiment
    on it are shown, or its images, or drawn test cards; the image says which."""
    record = store.experiments.get(experiment_id)
    return _augmentation(store.spec_of(record), image_format, store, settings, record)


@router.get(
    "/experiments/{experiment_id}/plots/learning_rate.{image_format}",
    response_class=Response,
    responses=content.PLOT,
)
def plot_learning_rate(experiment_id: str, image_format: Format, store: StoreDep) -> Response:
    """The learning rate of every step, as it was planned."""
    return _learning_rate(store.spec_of(store.experiments.get(experiment_id)), image_format)


@router.post(
    "/experiments:plot/augmentation.{image_format}",
    max_body_size=SPEC_BYTES,
    openapi_extra=content.SPEC_BODY,
    response_class=Response,
    responses=content.PLOT,
)
def plot_augmentation_of_spec(
    body: BodyDep, syntax: SyntaxDep, image_format: Format, store: StoreDep, settings: SettingsDep
) -> Response:
    """What a network would be shown, without queueing the spec in the body: samples of the newest experiment on that
    dataset, its images where there is none, or drawn test cards where these are not at hand."""
    return _augmentation(posted_spec(body, syntax, store), image_format, store, settings)


@router.post(
    "/experiments:plot/learning_rate.{image_format}",
    max_body_size=SPEC_BYTES,
    openapi_extra=content.SPEC_BODY,
    response_class=Response,
    responses=content.PLOT,
)
def plot_learning_rate_of_spec(body: BodyDep, syntax: SyntaxDep, image_format: Format, store: StoreDep) -> Response:
    """The learning rate of every step that the spec in the body plans, without queueing it."""
    return _learning_rate(posted_spec(body, syntax, store), image_format)


def _augmentation(
    spec: ExperimentSpec, image_format: Format, store: Store, settings: Settings, record: Record | None = None
) -> Response:
    from analysis.plots import augmentation, augmented_samples, figure  # noqa: PLC0415 - see the package

    samples, origin = samples_for(spec, store, settings, record)
    sheet = augmented_samples.sheet_of(spec, samples)
    image = figure.drawn(lambda: augmentation.augmentation_figure(spec, sheet, origin), image_format)
    return Response(image, media_type=MEDIA_TYPES[image_format])


def _learning_rate(spec: ExperimentSpec, image_format: Format) -> Response:
    from analysis.plots import figure, learning_rate  # noqa: PLC0415 - see the package

    image = figure.drawn(lambda: learning_rate.learning_rate_figure(spec), image_format)
    return Response(image, media_type=MEDIA_TYPES[image_format])
