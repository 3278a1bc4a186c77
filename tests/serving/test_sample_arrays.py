from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from serving.errors import BadTensor
from serving.sample_arrays import check_images, samples_of_numbers
from tests.support.serving_infos import BLOBS, DIGITS

MNIST = DIGITS.model_copy(update={"dataset": "mnist", "image_shape": (28, 28, 1)})
MASKS = DIGITS.model_copy(update={"dataset": "masks", "max_pixel": 1})
OUTLINES = DIGITS.model_copy(update={"dataset": "outlines", "max_pixel": 200})
INK = load_digits().images


def digit_of_mnist(dtype: str, peak: float = 255) -> NDArray[Any]:
    image = np.zeros((1, 28, 28), dtype)
    image[0, 4:24, 13:15] = peak
    return image


@pytest.mark.parametrize("dtype", ["u1", "i8", "f4", "f8"])
@pytest.mark.parametrize("index", [0, 1, 1796])
def test_digits_as_published_are_rejected(index: int, dtype: str) -> None:
    with pytest.raises(BadTensor) as rejected:
        samples_of_numbers(INK[index : index + 1].astype(dtype), DIGITS)

    assert str(rejected.value) == (
        f"pixels are whole numbers from 0 to 255, received at most {INK[index].max():g} in sample 0, as in images from "
        "0 to 16; the network scales them itself, so send them as they are in the image, or with ?scale=16"
    )


@pytest.mark.parametrize("dtype", ["u1", "i8", "f4"])
@pytest.mark.parametrize("info", [MNIST, OUTLINES], ids=["mnist", "uploaded"])
def test_zeros_and_ones_are_rejected(info: Any, dtype: str) -> None:
    values = (np.arange(np.prod(info.image_shape)) % 2).reshape(1, -1).astype(dtype)

    with pytest.raises(BadTensor, match=r"received at most 1 in sample 0, as in images from 0 to 1; .*\?scale=1$"):
        samples_of_numbers(values, info)


def test_mask_is_not_advised_the_scale_of_digits() -> None:
    """With scale=16 its ones would be almost black, and the answer wrong."""
    mask = (INK[:3] > 7).astype(np.uint8)
    published = INK[:3].astype(np.uint8)

    with pytest.raises(BadTensor, match=r"received at most 1 in sample 0, as in images from 0 to 1; .*\?scale=1$"):
        samples_of_numbers(mask, DIGITS)
    assert samples_of_numbers(mask, DIGITS, 1).max() == 255
    # One of them may be almost empty.
    with pytest.raises(BadTensor, match=r"received at most 1 in sample 0, as in images from 0 to 16; .*\?scale=16$"):
        samples_of_numbers(np.concatenate([mask[:1], published]), DIGITS)


def test_first_sample_of_another_range_is_named() -> None:
    mixed = np.concatenate([digit_of_mnist("i8"), digit_of_mnist("i8", 1), digit_of_mnist("i8", 1)])

    with pytest.raises(BadTensor, match="in sample 1"):
        samples_of_numbers(mixed, MNIST)


def test_images_that_may_be_the_networks_are_accepted() -> None:
    faint = digit_of_mnist("i8", 2)
    assert samples_of_numbers(faint, MNIST).max() == 2
    assert not samples_of_numbers(np.zeros((2, 28, 28)), MNIST).any()  # black in every range
    ones = np.ones((1, 8, 8))
    assert samples_of_numbers(ones, MASKS).all()  # it was trained on zeros and ones
    assert samples_of_numbers(np.full((1, 8, 8), 17), DIGITS).max() == 17


@pytest.mark.parametrize(("scale", "dtype"), [(1, "f4"), (1.0, "f8"), (16, "u1"), (255, "i8"), (65_535, "u2")])
def test_scale_names_the_value_of_white(scale: float, dtype: str) -> None:
    published = np.rint(INK[:20] / 16 * scale) if scale > 1 else INK[:20] / 16

    samples = samples_of_numbers(published.astype(dtype), DIGITS, scale)

    assert samples.dtype == np.uint8
    assert np.abs(samples[..., 0] - np.rint(INK[:20] * 255 / 16)).max() <= 1


def test_scale_of_255_accepts_a_dark_image() -> None:
    assert samples_of_numbers(digit_of_mnist("u1", 1), MNIST, 255).max() == 1


@pytest.mark.parametrize("wrong", [-0.5, 1.5, float("nan"), float("inf")])
def test_pixel_beyond_scale_is_rejected(wrong: float) -> None:
    values = digit_of_mnist("f8", 0.5)
    values[0, 3, 3] = wrong

    with pytest.raises(BadTensor, match="from 0 to 1 by `scale`, received"):
        samples_of_numbers(values, MNIST, 1)


def test_scale_of_what_has_none_is_rejected() -> None:
    with pytest.raises(BadTensor, match="`scale` is for the pixels of images; the model of blobs takes features"):
        samples_of_numbers(np.ones((1, 2)), BLOBS, 1)
    with pytest.raises(BadTensor, match="`scale` is for pixels sent as numbers, received image files"):
        check_images([b"x"], DIGITS, 1)
