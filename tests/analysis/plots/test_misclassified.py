import numpy as np
import pytest
from PIL import Image

from analysis.plots.misclassified import Guess, Mistake, mistakes_figure
from tests.analysis.plots.layout import check

LONG = ("a class name of forty characters, no less", "كلب كبير جدا " * 3, "W" * 40)


def mistake_of(size: tuple[int, int] = (8, 8), labels: tuple[str, ...] = ("4", "9", "6"), mode: str = "L") -> Mistake:
    """The second guess is right."""
    guesses = [Guess(label, 0.6 / (place + 1), place == 1) for place, label in enumerate(labels)]
    return Mistake(Image.new(mode, size), labels[1], guesses)


@pytest.mark.parametrize("count", [1, 3, 4, 32])
def test_beside_each_image_stand_its_class_and_the_guesses(count: int) -> None:
    figure = check(lambda: mistakes_figure("run", "test", [mistake_of()] * count, 1_234))

    [axes] = figure.axes
    assert len(axes.images) == count
    expected = ["9", "4", "60.0%", "✓ 9", "30.0%", "6", "20.0%"]
    assert [text.get_text() for text in axes.texts] == expected * count
    assert f"{count} of 1,234; in bold the true class" in " ".join(text.get_text() for text in figure.texts)


def test_bars_are_as_long_as_guesses_are_probable() -> None:
    figure = check(lambda: mistakes_figure("run", "test", [mistake_of()] * 2, 2))

    bars = figure.axes[0].patches
    lengths = np.array([bar.get_width() for bar in bars])
    assert np.allclose(lengths / lengths[0], [1, 1 / 2, 1 / 3] * 2)
    texts = [text for text in figure.axes[0].texts if text.get_text() in ("4", "✓ 9", "6")]
    for bar, text in zip(bars, texts, strict=True):
        assert bar.get_y() < text.get_position()[1] < bar.get_y() + bar.get_height()


@pytest.mark.parametrize("size", [(1, 1), (8, 64), (512, 3), (600, 400)])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_images_keep_their_shape_and_do_not_touch(size: tuple[int, int], mode: str) -> None:
    figure = check(lambda: mistakes_figure("run", "test", [mistake_of(size, mode=mode)] * 5, 5))

    places = [image.get_extent() for image in figure.axes[0].images]
    left, right, bottom, top = places[0]
    assert (right - left) / (bottom - top) == pytest.approx(size[0] / size[1])
    assert right < places[1][0]
    assert bottom < places[4][3]


def test_names_may_be_long() -> None:
    check(lambda: mistakes_figure("W" * 100, "validation", [mistake_of(labels=LONG)] * 4, 4))


def test_where_there_is_no_mistake_the_image_says_so() -> None:
    figure = check(lambda: mistakes_figure("run", "test", [], 0))

    assert [text.get_text() for text in figure.texts][:2] == ["run: mistakes, test split", "there is no such mistake"]
