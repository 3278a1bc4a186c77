"""The plots of a report."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from analysis.plots.plotted_history import PlottedHistory
from analysis.report.report import Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Plot = tuple[str, "Callable[[], Figure]"]


def render_plots(report: Report) -> list[tuple[str, bytes]]:
    """Titles and SVG of all plots that the experiment has data for."""
    from analysis.plots import figure  # noqa: PLC0415 - see the package

    return [(title, figure.render(draw, "svg")) for title, draw in (*_history_plots(report), *_result_plots(report))]


def _history_plots(report: Report) -> Iterator[Plot]:
    from analysis.plots import history  # noqa: PLC0415 - see the package

    if report.history.points:
        plotted = PlottedHistory.of(report.record, report.history, skip=0)
        yield "Curves", lambda: history.history_figure(plotted)


def _result_plots(report: Report) -> Iterator[Plot]:
    from analysis.plots import classes, confusion, reliability  # noqa: PLC0415 - see the package

    if report.split is None:
        return
    name, split, evaluation = report.record.name, report.split, report.evaluations[report.split]
    matrix = evaluation.confusion_matrix
    yield "Confusion", lambda: confusion.confusion_figure(name, split, matrix.labels, matrix.matrix, ("counts",))
    yield "Classes", lambda: classes.classes_figure(name, split, evaluation.per_class)
    yield "Reliability", lambda: reliability.reliability_figure(name, split, evaluation.calibration)
