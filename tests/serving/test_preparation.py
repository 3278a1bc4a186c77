from typing import Any

import numpy as np
import pytest
from PIL import Image

from imaging.decode import decode
from imaging.errors import ImageTooLarge, UnreadableImage
from imaging.resize import to_array
from models_store.models.serving_info import ServingInfo
from serving.errors import InvalidSample
from serving.preparation import FeatureSample, ImageSample, is_light, prepare, prepare_all
from tests.support.image_files import encoded

MAX_PIXELS = 1_000_000


def info(*shape: int, **changes: Any) -> ServingInfo:
    classes = ("a", "b")
    return ServingInfo.model_validate(
        {"dataset": "some", "labels": classes, "image_shape": shape, "input_name": "x", "probe": (0.5, 0.5), **changes}
    )


def colored(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize("shape", [(8, 8, 1), (8, 8, 3), (40, 20, 3)])
@pytest.mark.parametrize("resize", ["stretch", "fit", "fill"])
def test_image_is_prepared_as_in_training(shape: tuple[int, int, int], resize: str) -> None:
    data = encoded(colored(30, 17))
    prepared, *_ = prepare(data, info(*shape, resize=resize), MAX_PIXELS)

    assert prepared.shape == shape
    assert prepared.dtype == np.uint8
    assert np.array_equal(prepared, to_array(decode(data, MAX_PIXELS), shape, resize))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("white", "largest", "expected"), [(4_095, 900, 56), (4_095, 4_095, 255), (4_095, 60_000, 233), (None, 900, 224)]
)
def test_sixteen_bits_have_the_white_of_the_network(white: int | None, largest: int, expected: int) -> None:
    data = encoded(Image.fromarray(np.full((8, 8), largest, np.uint16)))
    assert prepare(data, info(8, 8, 1, white=white), MAX_PIXELS).array.max() == expected


def test_samples_keep_their_order() -> None:
    sent = [ImageSample(f"{n}.png", encoded(Image.new("L", (8, 8), n))) for n in (7, 3, 5)]
    assert prepare_all(sent, info(8, 8, 1), MAX_PIXELS).samples[:, 0, 0, 0].tolist() == [7, 3, 5]
    rows = [FeatureSample("sample 0", [1.5, 2]), FeatureSample("sample 1", [-1, 0])]
    assert prepare_all(rows, info(2), MAX_PIXELS).samples.tolist() == [[1.5, 2], [-1, 0]]


@pytest.mark.parametrize(
    ("sample", "takes", "error", "message"),
    [
        (ImageSample("x.png", b"words"), (8, 8, 1), UnreadableImage, r"x.png: the file \(5 bytes\) is not an image"),
        (ImageSample("x" * 200, encoded(colored(1001, 1000))), (8, 8, 1), ImageTooLarge, "^x{100}: .*1001 x 1000"),
        (ImageSample("x.png", encoded(colored(8, 8))), (2,), InvalidSample, "x.png: .*received an image"),
        (FeatureSample("sample 3", [1, 2]), (8, 8, 1), InvalidSample, "sample 3: .*received 2 numbers"),
        (FeatureSample("sample 3", [1, 2]), (3,), InvalidSample, "sample 3: .*takes 3 numbers"),
    ],
)
def test_error_names_the_sample(sample: Any, takes: tuple[int, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        prepare_all([sample], info(*takes), MAX_PIXELS)


def light(*data: bytes, shape: tuple[int, ...] = (28, 28, 1)) -> bool:
    return is_light([ImageSample(str(number), each) for number, each in enumerate(data)], info(*shape))


def test_only_small_plain_images_are_light() -> None:
    digit = encoded(Image.new("L", (28, 28)))
    assert light(digit)
    assert light(*[digit] * 80)
    assert light(encoded(Image.new("RGB", (256, 256)), "JPEG"))
    assert is_light([FeatureSample("sample 0", [1, 2])], info(2))

    # Too large, too many, or of a kind whose header does not bound the time it takes.
    assert not light(encoded(Image.new("L", (257, 256))))
    assert not light(*[digit] * 100)
    assert not light(digit, digit, digit, shape=(224, 224, 3))
    assert not light(encoded(Image.new("P", (8, 8))))
    assert not light(encoded(Image.new("RGB", (8, 8)), "JPEG", progressive=True))
    assert not light(encoded(Image.new("RGB", (8, 8)), "WEBP"))
    assert not light(digit, b"words")


def test_only_small_digits_are_light() -> None:
    def is_light_digit(side: int) -> bool:
        image = ImageSample("digit.png", encoded(Image.new("L", (side, side))))
        return is_light([image], info(28, 28, 1, dataset="mnist"))

    assert is_light_digit(28)
    assert not is_light_digit(44)


def test_digits_of_other_range_are_fit_or_rejected() -> None:
    digits = info(8, 8, 1, dataset="digits")
    published = np.zeros((8, 8), np.uint8)
    published[:, 3:5] = 16
    data = encoded(Image.fromarray(published))

    assert prepare(data, digits, MAX_PIXELS).array[..., 0].tolist() == (published // 16 * 240).tolist()
    with pytest.raises(InvalidSample, match=r"at most 16, as in images from 0 to 16; .* leave out prep=none"):
        prepare(data, digits, MAX_PIXELS, "none")
    assert not prepare(encoded(Image.new("L", (8, 8))), digits, MAX_PIXELS, "none").array.any()


@pytest.mark.parametrize("dataset", ["fashion_mnist", "cifar10", "my-photos"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_image_from_0_to_1_is_rejected(dataset: str, mode: str) -> None:
    ones = encoded(Image.fromarray(np.eye(28, dtype=np.uint8)).convert(mode))

    with pytest.raises(InvalidSample) as error:
        prepare(ones, info(28, 28, 1, dataset=dataset), MAX_PIXELS)
    assert str(error.value) == (
        "the pixels of the image are at most 1, as in images from 0 to 1; send them from 0 to 255"
    )


def test_dark_images_of_the_network_are_accepted() -> None:
    ones = encoded(Image.fromarray(np.eye(28, dtype=np.uint8)))
    dots = np.zeros((1_000, 1_000), np.uint8)
    dots[::100, ::100] = 255

    assert prepare(ones, info(28, 28, 1, max_pixel=1), MAX_PIXELS).array.max() == 1
    assert prepare(encoded(Image.fromarray(dots)), info(8, 8, 1), MAX_PIXELS).array.max() <= 1
    assert not prepare(encoded(Image.new("L", (28, 28))), info(28, 28, 1), MAX_PIXELS).array.any()
