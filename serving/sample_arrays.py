"""Arrays and image files to a network's input, for clients that send tensors."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imaging.errors import ImageTooLarge, UnreadableImage
from models_store.models.serving_info import ServingInfo
from serving.errors import BadTensor
from serving.preparation import prepare
from serving.session import Samples
from specs.problem import format_value

MAX_SAMPLES = 1_000
MAX_IMAGES = 100
_EXPECTED_PIXELS = "pixels are whole numbers from 0 to 255"
_SCALE_ADVICE = "the network scales them itself, so send them as they are in the image"
# As for POST /predict: beyond these a network's own arithmetic may leave float32.
_MAX_FEATURE = 1e6


class ImageFile(NamedTuple):
    """`number`: which image of its request it is, from 0."""

    number: int
    data: bytes


def samples_of_numbers(values: NDArray[Any], info: ServingInfo, scale: float | None = None) -> Samples:
    """(n, *one of `sample_shapes`) of any real dtype to (n, *info.image_shape): uint8 for images, whose pixels are
    integers from 0 to 255; float32 for features, from -1e6 to 1e6.

    With `scale`, pixels are numbers from 0 to `scale` and are multiplied by 255 / `scale`. Without it, an image whose
    pixels can only be in another range, such as 0 to 1, is rejected. Raises BadTensor."""
    if values.ndim == 0 or values.shape[1:] not in sample_shapes(info):
        expected = " or ".join(str(["n", *shape]).replace("'", "") for shape in sample_shapes(info))
        raise BadTensor(f"received shape {list(values.shape)}; the model of {info.dataset} takes {expected}")
    check_count(len(values), MAX_SAMPLES, "samples")
    if not info.takes_images:
        if scale is not None:
            raise BadTensor(f"`scale` is for the pixels of images; the model of {info.dataset} takes features")
        return _features(values)
    pixels = _pixels(values, info) if scale is None else _scaled(values, scale)
    return pixels.reshape(len(values), *info.image_shape)


def check_images(files: Sequence[bytes], info: ServingInfo, scale: float | None = None) -> list[ImageFile]:
    """PNG, JPEG or WebP files, each for `prepare_image`. Raises BadTensor, also for a `scale`."""
    check_count(len(files), MAX_IMAGES, "images")
    if not info.takes_images:
        raise BadTensor(f"the model of {info.dataset} takes {info.image_shape[0]} numbers a sample, received images")
    if scale is not None:
        raise BadTensor("`scale` is for pixels sent as numbers, received image files; leave `scale` out")
    return [ImageFile(number, data) for number, data in enumerate(files)]


def prepare_image(file: ImageFile, info: ServingInfo, max_pixels: int) -> NDArray[np.uint8]:
    """An array of `info.image_shape`, prepared as for `POST /predict`. Raises BadTensor, ImageTooLarge."""
    try:
        return prepare(file.data, info, max_pixels).array
    except UnreadableImage as error:
        raise BadTensor(f"image {file.number}: {error}") from error
    except ImageTooLarge as error:
        raise ImageTooLarge(f"image {file.number}: {error}") from error


def sample_shapes(info: ServingInfo) -> list[tuple[int, ...]]:
    """The accepted shapes of one sample: (height, width, channels), the same without the channel if there is one, and
    flat; or (features,)."""
    shapes: list[tuple[int, ...]] = [info.image_shape]
    if len(info.image_shape) == 3:
        height, width, channels = info.image_shape
        shapes += [(height, width)] if channels == 1 else []
        shapes += [(height * width * channels,)]
    return shapes


def check_count(count: int, most: int, what: str) -> None:
    """Raises BadTensor unless `count` is from 1 to `most`."""
    if not 1 <= count <= most:
        raise BadTensor(f"received {count:,} {what}; a request holds from 1 to {most:,}, so send several requests")


def _pixels(values: NDArray[Any], info: ServingInfo) -> NDArray[np.uint8]:
    # Comparisons with NaN are false.
    is_pixel = (values >= 0) & (values <= 255)
    if values.dtype.kind == "f":
        is_pixel &= values == np.trunc(values)
    if not is_pixel.all():
        raise BadTensor(f"{_EXPECTED_PIXELS}, received {_first(values, ~is_pixel)}; {_SCALE_ADVICE}")
    pixels = values.astype(np.uint8, copy=False)
    peaks = pixels.reshape(len(pixels), -1).max(axis=1)
    # Black is the same image in every range.
    foreign = np.flatnonzero((peaks > 0) & (peaks <= info.foreign_peak))
    if len(foreign):
        peak, white = int(peaks[foreign[0]]), info.foreign_white(int(peaks[foreign].max()))
        raise BadTensor(
            f"{_EXPECTED_PIXELS}, received at most {peak} in sample {foreign[0]}, as in images from 0 to "
            f"{white}; {_SCALE_ADVICE}, or with ?scale={white}"
        )
    return pixels


def _scaled(values: NDArray[Any], scale: float) -> NDArray[np.uint8]:
    exact = values.astype(np.float64)
    is_pixel = (exact >= 0) & (exact <= scale)
    if not is_pixel.all():
        raise BadTensor(f"pixels are numbers from 0 to {scale:g} by `scale`, received {_first(values, ~is_pixel)}")
    return np.rint(exact * (255 / scale)).astype(np.uint8)


def _features(values: NDArray[Any]) -> NDArray[np.float32]:
    exact = values.astype(np.float64)  # float16 cannot even be compared with the bounds
    is_feature = (exact >= -_MAX_FEATURE) & (exact <= _MAX_FEATURE)
    if not is_feature.all():
        raise BadTensor(f"features are numbers from -1e6 to 1e6, received {_first(values, ~is_feature)}")
    return exact.astype(np.float32)


def _first(values: NDArray[Any], wrong: NDArray[np.bool_]) -> str:
    return format_value(values[wrong][0].item())
