"""The plots of a report."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from analysis.plots.plotted_history import PlottedHistory
from analysis.report.report import Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Plot(NamedTuple):
    """`draw` depends on `kind` and `source` alone."""

    title: str
    kind: str
    source: object
    draw: Callable[[], "Figure"]


def plots_of(report: Report) -> Iterator[Plot]:
    """All that the experiment has data for."""
    yield from _history_plots(report)
    yield from _result_plots(report)


def _history_plots(report: Report) -> Iterator[Plot]:
    from analysis.plots import history  # noqa: PLC0415 - see the package

    if report.history.points:
        plotted = PlottedHistory.of(report.record, report.history, skip=0)
        yield Plot("Curves", "history", plotted, lambda: history.history_figure(plotted))


def _result_plots(report: Report) -> Iterator[Plot]:
    from analysis.plots import classes, confusion, reliability  # noqa: PLC0415 - see the package

    if report.split is None:
        return
    name, split, evaluation = report.record.name, report.split, report.evaluations[report.split]
    matrix, per_class, calibration = evaluation.confusion_matrix, evaluation.per_class, evaluation.calibration
    yield Plot(
        "Confusion",
        "confusion",
        [name, split, matrix, "false"],
        lambda: confusion.confusion_figure(name, split, matrix.labels, matrix.matrix, ("counts",)),
    )
    yield Plot("Classes", "classes", [name, split, per_class], lambda: classes.classes_figure(name, split, per_class))
    yield Plot(
        "Reliability",
        "reliability",
        [name, split, calibration],
        lambda: reliability.reliability_figure(name, split, calibration),
    )
