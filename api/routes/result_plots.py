"""Routes of images of what came out of experiments."""

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from analysis.plots.runs import run_of
from api.dependencies import ExperimentsDep, ServicesDep, SettingsDep, StoreDep
from api.routes.plots import MEDIA_TYPES, Format
from api.routes.results import ChosenDep
from api.schemas import content
from api.wire.caching import Validators, cache_headers, etag_of, not_modified
from api.wire.experiment_ids import Ids
from api.wire.sample_images import SampleImages
from specs.splits import SplitName

router = APIRouter(tags=["plots"])
_RESPONSES = content.or_not_modified(content.PLOT)
_MEASURES: dict[str, tuple[Literal["counts", "shares"], ...]] = {
    "false": ("counts",),
    "true": ("shares",),
    "both": ("counts", "shares"),
}
_MAX_MISTAKES = 32
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
    """Loss and accuracy of training and validation by epoch, the first being 1, also while the experiment runs. The
    best epoch is marked, and where the learning rate fell by a step or after a plateau."""
    record = experiments.get(experiment_id)
    run = run_of(record, experiments.history(experiment_id), skip)

    def draw() -> bytes:
        from analysis.plots import figure, history  # noqa: PLC0415 - see the package

        return figure.drawn(lambda: history.history_figure(run), image_format)

    return answer("history", image_format, run, draw)


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
    """What the published network took for what: a row for each true class, a column for each predicted one. Only
    mistakes are shaded, by the root of their number."""
    name = experiments.get(experiment_id).name
    matrix = experiments.evaluation(experiment_id, split).confusion_matrix

    def draw() -> bytes:
        from analysis.plots import confusion, figure  # noqa: PLC0415 - see the package

        return figure.drawn(
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
    """Precision, recall and F1 of each class, and how many samples it has, the worst first; a hundred at most."""
    name = experiments.get(experiment_id).name
    per_class = experiments.evaluation(experiment_id, split).per_class

    def draw() -> bytes:
        from analysis.plots import classes, figure  # noqa: PLC0415 - see the package

        return figure.drawn(lambda: classes.classes_figure(name, split, per_class), image_format)

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
    """How often the published network is right, by how sure it is, as it answers and with its temperature, and how
    often it is how sure."""
    name = experiments.get(experiment_id).name
    calibration = experiments.evaluation(experiment_id, split).calibration

    def draw() -> bytes:
        from analysis.plots import figure, reliability  # noqa: PLC0415 - see the package

        return figure.drawn(lambda: reliability.reliability_figure(name, split, calibration), image_format)

    return answer("reliability", image_format, [name, split, calibration], draw)


@router.get("/experiments/{experiment_id}/plots/mistakes.{image_format}", response_class=Response, responses=_RESPONSES)
def plot_mistakes(
    experiment_id: str,
    image_format: Format,
    chosen: ChosenDep,
    store: StoreDep,
    settings: SettingsDep,
    answer: AnswerDep,
    split: SplitName = "test",
) -> Response:
    """The same wrong samples that `GET /experiments/{id}/mistakes` lists, 32 at most: each image, its class, and
    the three classes that the network held most probable."""
    record = store.experiments.get(experiment_id)
    rows = chosen.rows[:_MAX_MISTAKES]
    guesses = [[guess.model_dump() for guess in chosen.top(row)] for row in rows]
    # Which images these are follows from the experiment, the split and the rows: a result does not change.
    drawn_from = [record.id, record.name, split, chosen.labels, rows, guesses, chosen.total]

    def draw() -> bytes:
        from analysis.plots import figure, misclassified, text_layout  # noqa: PLC0415 - see the package

        names = text_layout.legible_names(chosen.labels)
        images = SampleImages(record.dataset, split, chosen.predictions, store, settings)
        shown = [
            misclassified.Mistake(
                images.image(row),
                names[chosen.true(row).index],
                [
                    misclassified.Guess(names[guess.index], guess.probability, guess.index == chosen.true(row).index)
                    for guess in chosen.top(row)
                ],
            )
            for row in rows
        ]
        return figure.drawn(
            lambda: misclassified.mistakes_figure(record.name, split, shown, chosen.total), image_format
        )

    return answer("mistakes", image_format, drawn_from, draw)


@router.get("/compare/plots/history.{image_format}", response_class=Response, responses=_RESPONSES)
def plot_histories(
    ids: Ids, image_format: Format, experiments: ExperimentsDep, answer: AnswerDep, skip: Skip = 0
) -> Response:
    """Validation loss and accuracy of several experiments over each other, by epoch, also while they run."""
    runs = [run_of(experiments.get(each), experiments.history(each), skip) for each in ids]

    def draw() -> bytes:
        from analysis.plots import figure, histories  # noqa: PLC0415 - see the package

        return figure.drawn(lambda: histories.histories_figure(runs), image_format)

    return answer("histories", image_format, runs, draw)
