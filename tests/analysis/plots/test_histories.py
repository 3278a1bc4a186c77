import pytest
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from analysis.plots.histories import histories_figure
from analysis.plots.plotted_history import PlottedHistory
from tests.analysis.plots.artists import xs_of, ys_of
from tests.analysis.plots.histories import history_of, plotted, record_of
from tests.analysis.plots.layout import check


def histories_of(count: int, epochs: int = 5, skip: int = 0) -> list[PlottedHistory]:
    """Each has an epoch more than the one before."""
    return [plotted(epochs + number, skip, name=f"run {number}") for number in range(count)]


def lines_of(axes: Axes) -> list[Line2D]:
    return [line for line in axes.lines if line.get_gid() is None]


@pytest.mark.parametrize(("count", "epochs"), [(2, 1), (8, 20), (8, 1_000)])
def test_lines_of_experiments_are_distinguishable(count: int, epochs: int) -> None:
    histories = histories_of(count, epochs)

    figure = check(lambda: histories_figure(histories))

    names = ("validation loss", "validation accuracy", "training loss", "training accuracy")
    for axes, metric, name in zip(figure.axes, ("val_loss", "val_accuracy", "loss", "accuracy"), names, strict=True):
        assert axes.get_ylabel() == name
        for history, line in zip(histories, lines_of(axes), strict=True):
            assert xs_of(line) == list(range(1, history.end + 1))
            assert ys_of(line) == history.metrics[metric]
        assert [xs_of(line)[0] for line in axes.lines if line.get_gid() == "marked"] == [each.end for each in histories]
        assert len({line.get_marker() for line in lines_of(axes)}) == count
        assert len({line.get_color() for line in lines_of(axes)}) == count
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [each.name for each in histories]


def test_equal_names_get_an_id_and_long_ones_are_cut() -> None:
    histories = [
        plotted(3, name="run", id="01K6W3E8Z4T5V6X7Y8Z9AAAAAA"),
        plotted(3, name="run", id="01K6W3E8Z4T5V6X7Y8Z9BBBBBB"),
        plotted(3, name="กข" + "W" * 98),
    ]

    figure = check(lambda: histories_figure(histories))

    *alike, long = [text.get_text() for text in figure.legends[0].get_texts()]
    assert alike == ["AAAAAA run", "BBBBBB run"]
    assert long.startswith("□□WW")
    assert long.endswith("…")


def test_skipped_epochs_are_not_drawn() -> None:
    figure = check(lambda: histories_figure(histories_of(2, skip=3)))

    assert [xs_of(line) for line in lines_of(figure.axes[0])] == [[4, 5], [4, 5, 6]]
    assert "without the first 3 epochs" in figure.texts[1].get_text()


def test_experiment_without_accuracy_is_only_in_loss() -> None:
    without = PlottedHistory.of(record_of(2, name="loss"), history_of({"val_loss": 1.0}, {"val_loss": 0.5}), 0)

    assert [axes.get_ylabel() for axes in histories_figure([without, without]).axes] == ["validation loss"]

    figure = check(lambda: histories_figure([plotted(2), without]))

    assert ys_of(lines_of(figure.axes[0])[1]) == [1.0, 0.5]
    assert lines_of(figure.axes[1])[1].get_markevery() == []


def test_training_and_validation_have_the_same_scale() -> None:
    figure = check(lambda: histories_figure(histories_of(3)))

    (loss, accuracy), (training_loss, training_accuracy) = figure.axes[:2], figure.axes[2:]
    assert loss.get_ylim() == training_loss.get_ylim()
    assert accuracy.get_ylim() == training_accuracy.get_ylim()
    assert loss.get_position().y0 > training_loss.get_position().y1
    low, high = loss.get_ylim()
    shown = [value for axes in (loss, training_loss) for line in axes.lines for value in ys_of(line)]
    assert low <= min(shown)
    assert max(shown) <= high
