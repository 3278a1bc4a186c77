from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes

from analysis.plots.confusion import confusion_figure, confusions_figure
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
    assert numbers_of(counts) == {cell: str(matrix[cell[0]][cell[1]]) for cell in cells}
    percents = {cell: matrix[cell[0]][cell[1]] / 10 for cell in cells}
    assert numbers_of(shares) == {
        cell: f"{percent:.0f}" if percent >= 1 or percent == 0 else f"{percent:.1f}"[1:]
        for cell, percent in percents.items()
    }
    assert [counts.get_ylabel(), counts.get_xlabel()] == ["true class", "predicted class"]


def test_cells_are_shaded_by_share_of_the_true_class() -> None:
    matrix = [[90, 10], [2, 8]]
    figure = check(lambda: confusion_figure("run", "test", ["a", "b"], matrix, ("counts", "shares")))

    for axes in figure.axes[:2]:
        [image] = axes.images
        assert np.asarray(image.get_array()).tolist() == [[0.9, 0.1], [0.2, 0.8]]
        assert image.get_clim() == pytest.approx((0, 1), abs=1e-6)
    description = " ".join(text.get_text() for text in figure.texts)
    assert "98 of 110 samples are right (89.09 %)" in description
    assert "true → predicted: a → b (10), b → a (2)" in description
    assert "root" not in description


def brightness_of(image: Any, share: float) -> float:
    red, green, blue, _ = image.cmap(image.norm(share))
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)


def test_nothing_few_and_all_right_look_different() -> None:
    classes = 40  # too many for numbers
    matrix = np.diag([1_000] * classes)
    matrix[0] = 0
    matrix[0, 1] = 1_000  # all wrong
    matrix[2, 3], matrix[2, 2] = 1, 999

    figure = check(
        lambda: confusion_figure("run", "test", list(map(str, range(classes))), matrix.tolist(), ("counts",))
    )

    [image] = figure.axes[0].images
    shares = np.asarray(image.get_array())
    assert not figure.axes[0].texts
    shades = [brightness_of(image, shares[cell]) for cell in ((0, 0), (2, 3), (1, 1))]
    assert shades[0] == 1
    assert shades[0] - shades[1] > 0.1  # one of a thousand is seen
    assert shades[1] - shades[2] > 0.5
    darker = [brightness_of(image, share) for share in np.linspace(0, 1, 50)]
    assert all(one >= other for one, other in pairwise(darker))


def test_hundred_classes_have_fewer_labels() -> None:
    names = [f"class {number}" for number in range(100)]

    figure = check(lambda: confusion_figure("run", "test", names, matrix_of(100), ("counts", "shares")))

    assert [len(axes.texts) for axes in figure.axes[:2]] == [0, 0]
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == names[:: names.index(labels[1])]
    assert 20 < len(labels) < 60


def test_shares_are_not_rounded_to_all_or_nothing() -> None:
    figure = check(lambda: confusion_figure("run", "test", ["a", "b"], [[999, 1], [0, 50]], ("shares",)))

    assert numbers_of(figure.axes[0]) == {(0, 0): ">99", (0, 1): ".1", (1, 0): "0", (1, 1): "100"}

    rare = check(lambda: confusion_figure("run", "test", ["a", "b"], [[99_990, 10], [0, 50]], ("shares",)))
    assert numbers_of(rare.axes[0])[0, 1] == "<.1"


def test_class_without_samples_has_a_note() -> None:
    figure = check(lambda: confusion_figure("run", "test", ["a", "b"], [[5, 0], [0, 0]], ("counts", "shares")))

    assert numbers_of(figure.axes[1]) == {(0, 0): "100", (0, 1): "0", (1, 0): "0", (1, 1): "0"}
    assert figure.texts[3].get_text() == "1 class has no sample in this split"


def test_long_and_illegible_names_fit() -> None:
    figure = check(lambda: confusion_figure("run", "test", LONG, matrix_of(4), ("counts", "shares")))

    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels[0].startswith("a class name")
    assert labels[1].startswith("#1 □□")
    assert labels[2].startswith("كلب")


@pytest.mark.parametrize(("classes", "experiments"), [(2, 2), (10, 3), (4, 5), (40, 8)])
def test_matrices_stand_beside_each_other(classes: int, experiments: int) -> None:
    names = [f"run {number}" for number in range(experiments)]
    matrices = [matrix_of(classes, seed=number) for number in range(experiments)]
    labels = [f"class {number}" for number in range(classes)]

    figure = check(lambda: confusions_figure(names, "test", labels, matrices, "counts"))

    shown = figure.axes[:experiments]
    for axes, name, matrix in zip(shown, names, matrices, strict=True):
        counts = np.array(matrix)
        assert axes.get_title(loc="left") == f"{name}: {100 * np.trace(counts) / counts.sum():.2f} %"
        [image] = axes.images
        assert np.asarray(image.get_array())[0, 0] == counts[0, 0] / counts[0].sum()
    left = [axes.get_ylabel() for axes in shown]
    assert left == ["true class" if number % 4 == 0 else "" for number in range(experiments)]


@pytest.mark.parametrize("classes", [16, 26])
def test_cells_are_numbered_as_long_as_numbers_fit(classes: int) -> None:
    figure = check(
        lambda: confusion_figure(
            "run", "test", list("abcdefghijklmnopqrstuvwxyz")[:classes], matrix_of(classes), ("counts",)
        )
    )

    assert len(numbers_of(figure.axes[0])) == classes**2
