import numpy as np
import pytest

from analysis.plots.reliability import reliability_figure
from models_store.evaluations.evaluation import Calibration, CalibrationBin
from specs.dataset import DATASETS
from tests.analysis.plots.artists import bars_of, xs_of, ys_of
from tests.analysis.plots.layout import check
from tests.support.published import results_on

CALIBRATION = results_on(DATASETS["digits"]).evaluations["test"].calibration


def test_points_are_confidence_and_accuracy_of_bins() -> None:
    figure = check(lambda: reliability_figure("run", "test", CALIBRATION))

    for axes, bins in zip(figure.axes[:2], (CALIBRATION.bins, CALIBRATION.tempered_bins), strict=True):
        _, many, few = axes.lines
        drawn = [tuple(point) for line in (many, few) for point in zip(xs_of(line), ys_of(line), strict=True)]
        assert sorted(drawn) == sorted((each.confidence, each.accuracy) for each in bins)
        assert len(xs_of(few)) == sum(each.samples < 10 for each in bins)


def test_titles_have_errors_and_temperature() -> None:
    figure = check(lambda: reliability_figure("run", "test", CALIBRATION))

    assert [axes.get_title(loc="left") for axes in figure.axes[:2]] == [
        f"as the network answers: ECE {CALIBRATION.error:.4f}",
        f"with temperature {CALIBRATION.temperature:.3f}: ECE {CALIBRATION.tempered_error:.4f}",
    ]


def test_histogram_has_the_share_of_each_bin() -> None:
    figure = check(lambda: reliability_figure("run", "test", CALIBRATION))

    for axes, bins in zip(figure.axes[2:], (CALIBRATION.bins, CALIBRATION.tempered_bins), strict=True):
        bars = [(bar.get_x(), bar.get_x() + bar.get_width(), bar.get_height()) for bar in bars_of(axes)]
        expected = [(each.lower, each.upper, 100 * each.samples / 50) for each in bins]
        assert np.allclose(bars, expected)


@pytest.mark.parametrize("accuracy", [0.0, 1.0])
def test_single_bin_is_drawn(accuracy: float) -> None:
    bins = (CalibrationBin(lower=14 / 15, upper=1.0, samples=1, confidence=1.0, accuracy=accuracy),)
    calibration = Calibration(temperature=10.0, error=1 - accuracy, tempered_error=0.0, bins=bins, tempered_bins=bins)

    figure = check(lambda: reliability_figure("W" * 100, "validation", calibration))

    assert len(xs_of(figure.axes[0].lines[2])) == 1
