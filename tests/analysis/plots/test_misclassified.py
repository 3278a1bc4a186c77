import numpy as np
import pytest
from PIL import Image

from analysis.misclassified import Label
from analysis.plots.misclassified import PlottedSample, misclassified_figure
from models_store.predictions.class_probability import ClassProbability
from tests.analysis.plots.artists import bars_of
from tests.analysis.plots.layout import check

LONG = ("a class name of forty characters, no less", "كلب كبير جدا " * 3, "W" * 40)


def sample_of(
    size: tuple[int, int] = (8, 8), labels: tuple[str, ...] = ("4", "9", "6"), mode: str = "L"
) -> PlottedSample:
    """The second guess is right."""
    guesses = [ClassProbability(label, index, 0.6 / (index + 1)) for index, label in enumerate(labels)]
    return PlottedSample(Image.new(mode, size), Label(label=labels[1], index=1), guesses)


@pytest.mark.parametrize("count", [1, 3, 4, 32])
def test_each_image_has_its_class_and_the_guesses(count: int) -> None:
    figure = check(lambda: misclassified_figure("run", "test", [sample_of()] * count, 1_234))

    [axes] = figure.axes
    assert len(axes.images) == count
    expected = ["9", "4", "60.0%", "✓ 9", "30.0%", "6", "20.0%"]
    assert [text.get_text() for text in axes.texts] == expected * count
    assert f"{count} of 1,234; the true class is on top" in " ".join(text.get_text() for text in figure.texts)


def test_length_of_bars_is_the_probability() -> None:
    figure = check(lambda: misclassified_figure("run", "test", [sample_of()] * 2, 2))

    bars = bars_of(figure.axes[0])
    lengths = np.array([bar.get_width() for bar in bars])
    assert np.allclose(lengths / lengths[0], [1, 1 / 2, 1 / 3] * 2)
    texts = [text for text in figure.axes[0].texts if text.get_text() in ("4", "✓ 9", "6")]
    for bar, text in zip(bars, texts, strict=True):
        assert bar.get_y() < text.get_position()[1] < bar.get_y() + bar.get_height()


@pytest.mark.parametrize("size", [(1, 1), (8, 64), (512, 3), (600, 400)])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_images_keep_their_shape_and_do_not_overlap(size: tuple[int, int], mode: str) -> None:
    figure = check(lambda: misclassified_figure("run", "test", [sample_of(size, mode=mode)] * 5, 5))

    places = [image.get_extent() for image in figure.axes[0].images]
    left, right, bottom, top = places[0]
    assert (right - left) / (bottom - top) == pytest.approx(size[0] / size[1])
    assert right < places[1][0]
    assert bottom < places[4][3]


def test_long_names_fit() -> None:
    check(lambda: misclassified_figure("W" * 100, "validation", [sample_of(labels=LONG)] * 4, 4))


def test_plot_without_samples_has_a_note() -> None:
    figure = check(lambda: misclassified_figure("run", "test", [], 0))

    assert [text.get_text() for text in figure.texts][:2] == [
        "run: misclassified, test split",
        "no misclassified sample matches",
    ]
