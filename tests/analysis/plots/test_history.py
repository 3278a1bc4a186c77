from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.plots.figure import render
from analysis.plots.history import history_figure
from analysis.plots.plotted_history import PlottedHistory
from models_store.experiments.points import Best, MetricValues
from tests.analysis.plots.artists import xs_of, ys_of
from tests.analysis.plots.histories import history_of, metrics_of, plotted, record_of
from tests.analysis.plots.layout import check


def lines_of(axes: Axes) -> dict[str, Line2D]:
    """Training and validation."""
    return {str(line.get_label()): line for line in axes.lines if line.get_gid() is None}


def marks_of(axes: Axes, gid: str) -> list[Any]:
    return [xs_of(line)[0] for line in axes.lines if line.get_gid() == gid]


def labels_of(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


@pytest.mark.parametrize("epochs", [1, 20, 1_000])
def test_lines_are_metrics_by_epoch_from_one(epochs: int) -> None:
    figure = check(lambda: history_figure(plotted(epochs)))

    assert [axes.get_ylabel() for axes in figure.axes] == ["loss", "accuracy"]
    for axes, metric in zip(figure.axes, ("loss", "accuracy"), strict=True):
        lines = lines_of(axes)
        assert list(lines) == ["training", "validation"]
        for name, line in zip((metric, f"val_{metric}"), lines.values(), strict=True):
            assert xs_of(line) == list(range(1, epochs + 1))
            assert ys_of(line) == [metrics_of(epoch)[name] for epoch in range(epochs)]
    assert len({(line.get_linestyle(), line.get_marker()) for line in lines_of(figure.axes[0]).values()}) == 2


def test_best_epoch_and_rate_drops_are_marked() -> None:
    rates = [{**metrics_of(epoch), "learning_rate": 0.1 if epoch < 3 else 0.01} for epoch in range(6)]
    best = Best(epoch=4, metric="val_accuracy", value=0.77)

    figure = check(lambda: history_figure(PlottedHistory.of(record_of(6, best=best), history_of(*rates), 0)))

    for axes in figure.axes:
        assert marks_of(axes, "drop") == [3.5]
        assert set(marks_of(axes, "marked")) == {5}
    assert labels_of(figure) == ["training", "validation", "best epoch", "learning rate drops"]
    assert "best epoch 5: val_accuracy 0.7700" in figure.texts[1].get_text()


def test_published_epoch_is_marked_not_the_best() -> None:
    best = Best(epoch=4, metric="val_accuracy", value=0.77)
    record = record_of(6, best=best, published_epoch=2, published_metrics=metrics_of(2))

    figure = check(lambda: history_figure(PlottedHistory.of(record, history_of(*map(metrics_of, range(6))), 0)))

    for axes in figure.axes:
        assert set(marks_of(axes, "marked")) == {3}
    assert labels_of(figure) == ["training", "validation", "published epoch"]
    assert "published epoch 3: val_accuracy 0.6500" in figure.texts[1].get_text()


def test_many_rate_drops_are_counted_not_drawn() -> None:
    rates: list[MetricValues] = [{"loss": 1.0, "learning_rate": 0.5**epoch} for epoch in range(40)]

    figure = check(lambda: history_figure(PlottedHistory.of(record_of(40), history_of(*rates), 0)))

    assert marks_of(figure.axes[0], "drop") == []
    assert "the learning rate drops 39 times" in figure.texts[1].get_text()


def test_skipped_epochs_and_their_best_are_not_drawn() -> None:
    best = Best(epoch=0, metric="val_accuracy", value=0.05)

    figure = check(lambda: history_figure(plotted(5, skip=2, best=best)))

    assert xs_of(lines_of(figure.axes[0])["training"]) == [3, 4, 5]
    assert marks_of(figure.axes[0], "marked") == []
    assert labels_of(figure) == ["training", "validation"]


def test_loss_is_alone_without_accuracy() -> None:
    losses: list[MetricValues] = [
        {"loss": 1.0, "val_loss": 2.0, "learning_rate": 0.1 / (epoch // 3 + 1)} for epoch in range(9)
    ]
    best = Best(epoch=1, metric="val_loss", value=2.0)

    figure = check(lambda: history_figure(PlottedHistory.of(record_of(9, best=best), history_of(*losses), 0)))

    assert [axes.get_ylabel() for axes in figure.axes] == ["loss"]


def test_value_between_two_gaps_is_marked() -> None:
    losses: list[MetricValues] = [{"loss": None if epoch in (70, 72) else 1.0} for epoch in range(100)]

    figure = check(lambda: history_figure(PlottedHistory.of(record_of(100), history_of(*losses), 0)))

    line = lines_of(figure.axes[0])["training"]
    assert np.flatnonzero(np.isnan(ys_of(line))).tolist() == [70, 72]
    marked: Any = line.get_markevery()
    assert 71 in marked


@pytest.mark.parametrize("metrics", [{"loss": None}, {}])
def test_immediate_divergence_has_a_note(metrics: MetricValues) -> None:
    figure = check(lambda: history_figure(PlottedHistory.of(record_of(3), history_of(metrics), 0)))

    assert [text.get_text() for text in figure.axes[0].texts] == ["no finite value"]


def test_names_with_any_characters_fit() -> None:
    figure = check(lambda: history_figure(plotted(3, name="$x_$ <b> กข كلب " + "W" * 80)))

    assert figure.texts[0].get_text().startswith("$x_$ <b> □□ كلب")


@pytest.mark.parametrize("image_format", ["png", "svg"])
def test_same_history_gives_the_same_bytes(image_format: Any) -> None:
    first, again = (render(lambda: history_figure(plotted(4)), image_format) for _ in range(2))

    assert first == again
    if image_format == "svg":
        assert all(
            f"<!-- {text} -->" in first.decode() for text in ("run: history", "validation", "best epoch", "epoch")
        )
