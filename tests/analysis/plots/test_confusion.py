from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes

from analysis.plots.confusion import confusion_figure
from tests.analysis.plots.layout import check

DIGITS = [str(digit) for digit in range(10)]
LONG = ["a class name of forty characters, no less", "กขค" * 13, "كلب كبير جدا " * 3, "W" * 40]


def matrix_of(classes: int, samples: int = 100, seed: int = 0) -> list[list[int]]:
    generator = np.random.default_rng(seed)
    chances = 0.2 * generator.dirichlet(np.full(classes, 0.2), classes) + 0.8 * np.eye(classes)
    return [generator.multinomial(samples, row).tolist() for row in chances]


def numbers_of(axes: Axes) -> dict[tuple[float, float], str]:
    """By row and column."""
    return {(text.get_position()[1], text.get_position()[0]): text.get_text() for text in axes.texts}


@pytest.mark.parametrize("classes", [2, 10])
def test_cells_have_counts_and_shares_of_the_row(classes: int) -> None:
    matrix = matrix_of(classes, samples=1_000)

    figure = check(lambda: confusion_figure("run", "test", DIGITS[:classes], matrix, ("counts", "shares")))

    counts, shares = figure.axes[:2]
    cells = [(row, column) for row in range(classes) for column in range(classes)]
    assert numbers_of(counts) == {cell: str(matrix[cell[0]][cell[1]]) for cell in cells if matrix[cell[0]][cell[1]]}
    assert numbers_of(shares) == {
        cell: f"{matrix[cell[0]][cell[1]] / 10:.0f}" for cell in cells if matrix[cell[0]][cell[1]] >= 10
    }
    assert [counts.get_ylabel(), counts.get_xlabel()] == ["true class", "predicted class"]


def test_errors_are_shaded_by_square_root() -> None:
    figure = check(lambda: confusion_figure("run", "test", ["a", "b"], [[90, 10], [2, 98]], ("counts",)))

    [image] = figure.axes[0].images
    values: np.ma.MaskedArray[Any, Any] = np.ma.asarray(image.get_array())
    shades = np.asarray(image.norm(values))
    assert np.ma.getmaskarray(values).tolist() == [[True, False], [False, True]]
    assert shades[0, 1] == 1
    assert shades[1, 0] == pytest.approx((2 / 10) ** 0.5)
    description = " ".join(text.get_text() for text in figure.texts)
    assert "188 of 200 samples are right" in description
    assert "true → predicted: a → b (10), b → a (2)" in description


def test_hundred_classes_have_fewer_labels() -> None:
    names = [f"class {number}" for number in range(100)]

    figure = check(lambda: confusion_figure("run", "test", names, matrix_of(100), ("counts", "shares")))

    assert [len(axes.texts) for axes in figure.axes[:2]] == [0, 0]
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == names[:: 100 // len(labels) + 1]
    assert 20 < len(labels) < 60


def test_shares_are_not_rounded_to_all_or_nothing() -> None:
    figure = check(lambda: confusion_figure("run", "test", ["a", "b"], [[999, 1], [0, 50]], ("shares",)))

    assert numbers_of(figure.axes[0]) == {(0, 0): ">99", (1, 1): "100"}


def test_class_without_samples_has_a_note() -> None:
    figure = check(lambda: confusion_figure("run", "test", ["a", "b"], [[5, 0], [0, 0]], ("counts", "shares")))

    assert numbers_of(figure.axes[1]) == {(0, 0): "100"}
    assert figure.texts[2].get_text() == "1 class has no sample in this split"


def test_long_and_illegible_names_fit() -> None:
    figure = check(lambda: confusion_figure("run", "test", LONG, matrix_of(4), ("counts", "shares")))

    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels[0].startswith("a class name")
    assert labels[1].startswith("#1 □□")
    assert labels[2].startswith("كلب")
