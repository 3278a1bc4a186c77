"""Routes of plots of the results of experiments."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from analysis.plots.plotted_history import PlottedHistory
from analysis.sample_images import SampleImages
from api.dependencies import ExperimentsDep, ImagesDep, ServicesDep
from api.routes.plots import MEDIA_TYPES, Format
from api.routes.results import SelectionDep
from api.schemas import content
from api.wire.caching import Validators, cache_headers, etag_of, not_modified
from api.wire.experiment_ids import Ids
from specs.splits import SplitName

router = APIRouter(tags=["plots"])
_RESPONSES = content.or_not_modified(content.PLOT)
_MEASURES: dict[str, tuple[Literal["counts", "shares"], ...]] = {
    "false": ("counts",),
    "true": ("shares",),
    "both": ("counts", "shares"),
}
_MAX_MISCLASSIFIED = 32
Skip = Annotated[int, Query(ge=0, description="leave out so many epochs at the beginning")]


class Answer:
    """Answers a request with an image: 304 where the client has it, from the cache, or rendered."""

    def __init__(self, services: ServicesDep, validators: Annotated[Validators, Depends()]) -> None:
        self._renders = services.renders
        self._validators = validators

    def __call__(self, kind: str, image_format: Format, drawn_from: object, draw: Callable[[], bytes]) -> Response:
        """`drawn_from` is all that `draw` depends on."""
        etag = etag_of(f"{kind}.{image_format}", drawn_from)
        if self._validators.match(etag):
            return not_modified(etag)
        image = self._renders.get(etag, draw)
        return Response(image, media_type=MEDIA_TYPES[image_format], headers=cache_headers(etag))


AnswerDep = Annotated[Answer, Depends()]


@router.get("/experiments/{experiment_id}/plots/history.{image_format}", response_class=Response, responses=_RESPONSES)
def plot_history(
    experiment_id: str, image_format: Format, experiments: ExperimentsDep, answer: AnswerDep, skip: Skip = 0
) -> Response:
    """Plot loss and accuracy of training and validation by epoch, counted from 1, also while the experiment runs. Marks
    the best epoch, and where the learning rate dropped by a step or after a plateau."""
    record = experiments.get(experiment_id)
    plotted = PlottedHistory.of(record, experiments.history(experiment_id), skip)

    def draw() -> bytes:
        from analysis.plots import figure, history  # noqa: PLC0415 - see the package

        return figure.render(lambda: history.history_figure(plotted), image_format)

    return answer("history", image_format, plotted, draw)


@router.get(
    "/experiments/{experiment_id}/plots/confusion.{image_format}", response_class=Response, responses=_RESPONSES
)
def plot_confusion(
    experiment_id: str,
    image_format: Format,
    experiments: ExperimentsDep,
    answer: AnswerDep,
    split: SplitName = "test",
    normalize: Annotated[
        Literal["true", "false", "both"], Query(description="shares of the true class in %, counts, or both")
    ] = "both",
) -> Response:
    """Plot the confusion matrix of the published network: a row for each true class, a column for each predicted one.
    Only errors are shaded, by the root of their number."""
    name = experiments.get(experiment_id).name
    matrix = experiments.evaluation(experiment_id, split).confusion_matrix

    def draw() -> bytes:
        from analysis.plots import confusion, figure  # noqa: PLC0415 - see the package

        return figure.render(
            lambda: confusion.confusion_figure(name, split, matrix.labels, matrix.matrix, _MEASURES[normalize]),
            image_format,
        )

    return answer("confusion", image_format, [name, split, matrix, normalize], draw)


@router.get("/experiments/{experiment_id}/plots/classes.{image_format}", response_class=Response, responses=_RESPONSES)
def plot_classes(
    experiment_id: str,
    image_format: Format,
    experiments: ExperimentsDep,
    answer: AnswerDep,
    split: SplitName = "test",
) -> Response:
    """Plot precision, recall, F1 and the number of samples of each class, the worst first; a hundred at most."""
    name = experiments.get(experiment_id).name
    per_class = experiments.evaluation(experiment_id, split).per_class

    def draw() -> bytes:
        from analysis.plots import classes, figure  # noqa: PLC0415 - see the package

        return figure.render(lambda: classes.classes_figure(name, split, per_class), image_format)

    return answer("classes", image_format, [name, split, per_class], draw)


@router.get(
    "/experiments/{experiment_id}/plots/reliability.{image_format}", response_class=Response, responses=_RESPONSES
)
def plot_reliability(
    experiment_id: str,
    image_format: Format,
    experiments: ExperimentsDep,
    answer: AnswerDep,
    split: SplitName = "test",
) -> Response:
    """Plot the reliability diagram of the published network: accuracy by confidence, as it answers and with its
    temperature, above histograms of its confidence."""
    name = experiments.get(experiment_id).name
    calibration = experiments.evaluation(experiment_id, split).calibration

    def draw() -> bytes:
        from analysis.plots import figure, reliability  # noqa: PLC0415 - see the package

        return figure.render(lambda: reliability.reliability_figure(name, split, calibration), image_format)

    return answer("reliability", image_format, [name, split, calibration], draw)


@router.get("/experiments/{experiment_id}/plots/mistakes.{image_format}", response_class=Response, responses=_RESPONSES)
def plot_mistakes(
    experiment_id: str,
    image_format: Format,
    selection: SelectionDep,
    experiments: ExperimentsDep,
    images: ImagesDep,
    answer: AnswerDep,
    split: SplitName = "test",
) -> Response:
    """Plot the samples that `GET /experiments/{id}/mistakes` lists, 32 at most: each image with its true class and the
    three most probable ones."""
    record = experiments.get(experiment_id)
    shown = selection._replace(rows=selection.rows[:_MAX_MISCLASSIFIED])
    guesses = [[guess.model_dump() for guess in shown.top(row)] for row in shown.rows]
    # Which images these are follows from the experiment, the split and the rows: a result does not change.
    drawn_from = [record.id, record.name, split, shown.labels, shown.rows, guesses, shown.total]

    def draw() -> bytes:
        from analysis.plots import figure, misclassified  # noqa: PLC0415 - see the package

        sample_images = SampleImages(split, shown.predictions, partial(images.open, record.dataset))
        samples = misclassified.plotted_samples(shown, sample_images)
        return figure.render(
            lambda: misclassified.misclassified_figure(record.name, split, samples, shown.total), image_format
        )

    return answer("mistakes", image_format, drawn_from, draw)


@router.get("/compare/plots/history.{image_format}", response_class=Response, responses=_RESPONSES)
def plot_histories(
    ids: Ids, image_format: Format, experiments: ExperimentsDep, answer: AnswerDep, skip: Skip = 0
) -> Response:
    """Plot validation loss and accuracy of several experiments by epoch, also while they run."""
    plotted = [PlottedHistory.of(experiments.get(each), experiments.history(each), skip) for each in ids]

    def draw() -> bytes:
        from analysis.plots import figure, histories  # noqa: PLC0415 - see the package

        return figure.render(lambda: histories.histories_figure(plotted), image_format)

    return answer("histories", image_format, plotted, draw)
