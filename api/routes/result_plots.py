"""Plots of the results of experiments."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from analysis import plots
from analysis.comparison.comparison import compare_matrices
from analysis.comparison.results import read_results
from analysis.plots.plotted_history import PlottedHistory
from api import content
from api.access import READ
from api.dependencies import ExperimentsDep, PlotsDep
from api.results import SampleImagesDep, SelectionDep
from api.wire.images import PlotFormat
from api.wire.parameters import ExperimentIds
from specs.splits import SplitName

router = APIRouter(tags=["plots"], dependencies=[READ])
_RESPONSES = content.or_not_modified(content.PLOT)
_MEASURES: dict[str, tuple[Literal["counts", "shares"], ...]] = {
    "false": ("counts",),
    "true": ("shares",),
    "both": ("counts", "shares"),
}
_MAX_MISCLASSIFIED = 32
Skip = Annotated[int, Query(ge=0, description="number of epochs to leave out at the beginning")]


@router.get("/experiments/{experiment_id}/plots/history.{image_format}", response_class=Response, responses=_RESPONSES)
def plot_history(
    experiment_id: str, image_format: PlotFormat, experiments: ExperimentsDep, cached: PlotsDep, skip: Skip = 0
) -> Response:
    """Plot loss and accuracy of training and validation by epoch, counted from 1, also while the experiment runs. Marks
    the published epoch (before the end the best so far), and where the learning rate dropped by a step or after a
    plateau."""
    plotted = PlottedHistory.of(experiments.get(experiment_id), experiments.history(experiment_id), skip)
    return cached.respond("history", image_format, plotted, lambda: plots.history.history_figure(plotted))


@router.get(
    "/experiments/{experiment_id}/plots/confusion.{image_format}", response_class=Response, responses=_RESPONSES
)
def plot_confusion(
    experiment_id: str,
    image_format: PlotFormat,
    experiments: ExperimentsDep,
    cached: PlotsDep,
    split: SplitName = "test",
    normalize: Annotated[
        Literal["true", "false", "both"], Query(description="shares of the true class in %, counts, or both")
    ] = "both",
) -> Response:
    """Plot the confusion matrix of the published network: a row for each true class, a column for each predicted one.
    The darker a cell, the larger its share of the true class."""
    name = experiments.get(experiment_id).name
    matrix = experiments.evaluation(experiment_id, split).confusion_matrix
    return cached.respond(
        "confusion",
        image_format,
        [name, split, matrix, normalize],
        lambda: plots.confusion.confusion_figure(name, split, matrix.labels, matrix.matrix, _MEASURES[normalize]),
    )


@router.get("/experiments/{experiment_id}/plots/classes.{image_format}", response_class=Response, responses=_RESPONSES)
def plot_classes(
    experiment_id: str,
    image_format: PlotFormat,
    experiments: ExperimentsDep,
    cached: PlotsDep,
    split: SplitName = "test",
) -> Response:
    """Plot precision, recall, F1 and the number of samples of each class, the worst first; a hundred at most."""
    name = experiments.get(experiment_id).name
    per_class = experiments.evaluation(experiment_id, split).per_class
    return cached.respond(
        "classes", image_format, [name, split, per_class], lambda: plots.classes.classes_figure(name, split, per_class)
    )


@router.get(
    "/experiments/{experiment_id}/plots/reliability.{image_format}", response_class=Response, responses=_RESPONSES
)
def plot_reliability(
    experiment_id: str,
    image_format: PlotFormat,
    experiments: ExperimentsDep,
    cached: PlotsDep,
    split: SplitName = "test",
) -> Response:
    """Plot the reliability diagram of the published network: accuracy by confidence, as it answers and with its
    temperature, above histograms of its confidence."""
    name = experiments.get(experiment_id).name
    calibration = experiments.evaluation(experiment_id, split).calibration
    return cached.respond(
        "reliability",
        image_format,
        [name, split, calibration],
        lambda: plots.reliability.reliability_figure(name, split, calibration),
    )


@router.get(
    "/experiments/{experiment_id}/plots/misclassified.{image_format}", response_class=Response, responses=_RESPONSES
)
def plot_misclassified(
    experiment_id: str,
    image_format: PlotFormat,
    selection: SelectionDep,
    images: SampleImagesDep,
    experiments: ExperimentsDep,
    cached: PlotsDep,
    split: SplitName = "test",
) -> Response:
    """Plot the samples that `GET /experiments/{id}/mistakes` lists, 32 at most: each image with its true class and the
    three most probable ones."""
    record = experiments.get(experiment_id)
    shown = selection._replace(rows=selection.rows[:_MAX_MISCLASSIFIED])
    top = [shown.top(row) for row in shown.rows]
    # Which images these are follows from the experiment, the split and the rows: a result does not change.
    return cached.respond(
        "mistakes",
        image_format,
        [record.id, record.name, split, shown.labels, shown.rows, top, shown.total],
        lambda: plots.misclassified.misclassified_figure(
            record.name, split, plots.misclassified.plotted_samples(shown, images), shown.total
        ),
    )


@router.get("/compare/plots/history.{image_format}", response_class=Response, responses=_RESPONSES)
def plot_histories(
    ids: ExperimentIds, image_format: PlotFormat, experiments: ExperimentsDep, cached: PlotsDep, skip: Skip = 0
) -> Response:
    """Plot loss and accuracy of several experiments by epoch, in validation and in training, also while they run."""
    plotted = [PlottedHistory.of(experiments.get(each), experiments.history(each), skip) for each in ids]
    return cached.respond("histories", image_format, plotted, lambda: plots.histories.histories_figure(plotted))


@router.get("/compare/plots/confusion.{image_format}", response_class=Response, responses=_RESPONSES)
def plot_confusions(
    ids: ExperimentIds,
    image_format: PlotFormat,
    experiments: ExperimentsDep,
    cached: PlotsDep,
    split: SplitName = "test",
    normalize: Annotated[
        Literal["true", "false"], Query(description="shares of the true class in %, or counts")
    ] = "false",
) -> Response:
    """Plot the confusion matrices of several experiments beside each other: those of `GET /compare`, on the common
    classes if the experiments have different ones. Rejected with 409 if the experiments cannot be compared."""
    results = read_results(ids, experiments, split)
    matrices, note = compare_matrices(results, split)
    names = [result.name for result in results]
    [measure] = _MEASURES[normalize]
    return cached.respond(
        "confusions",
        image_format,
        [names, split, matrices, note, normalize],
        lambda: plots.confusion.confusions_figure(names, split, matrices.labels, matrices.matrices, measure, note),
    )
