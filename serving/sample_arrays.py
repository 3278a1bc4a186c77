"""Arrays and image files to a network's input, for clients that send tensors."""

from collections.abc import Sequence
from typing import Any

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
# As for POST /predict: beyond these a network's own arithmetic may leave float32.
_MAX_FEATURE = 1e6


def samples_of_numbers(values: NDArray[Any], info: ServingInfo) -> Samples:
    """(n, *one of `sample_shapes`) of any real dtype to (n, *info.image_shape): uint8 for images, whose pixels are
    integers from 0 to 255; float32 for features, from -1e6 to 1e6. Raises BadTensor."""
    if values.ndim == 0 or values.shape[1:] not in sample_shapes(info):
        expected = " or ".join(str(["n", *shape]).replace("'", "") for shape in sample_shapes(info))
        raise BadTensor(f"received shape {list(values.shape)}; the model of {info.dataset} takes {expected}")
    check_count(len(values), MAX_SAMPLES, "samples")
    checked = _pixels(values) if info.takes_images else _features(values)
    return checked.reshape(len(values), *info.image_shape)


def samples_of_images(files: Sequence[bytes], info: ServingInfo, max_pixels: int) -> NDArray[np.uint8]:
    """PNG, JPEG or WebP files to (n, *info.image_shape), prepared as for `POST /predict`. Raises BadTensor,
    ImageTooLarge."""
    check_count(len(files), MAX_IMAGES, "images")
    if not info.takes_images:
        raise BadTensor(f"the model of {info.dataset} takes {info.image_shape[0]} numbers a sample, received images")
    return np.stack([_prepare(index, data, info, max_pixels) for index, data in enumerate(files)])


def _prepare(index: int, data: bytes, info: ServingInfo, max_pixels: int) -> NDArray[np.uint8]:
    try:
        return prepare(data, info, max_pixels).array
    except UnreadableImage as error:
        raise BadTensor(f"image {index}: {error}") from error
    except ImageTooLarge as error:
        raise ImageTooLarge(f"image {index}: {error}") from error


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


def _pixels(values: NDArray[Any]) -> NDArray[np.uint8]:
    if values.dtype == np.uint8:
        return values
    # Comparisons with NaN are false.
    is_pixel = (values >= 0) & (values <= 255)
    if values.dtype.kind == "f":
        is_pixel &= values == np.trunc(values)
    if not is_pixel.all():
        raise BadTensor(
            f"pixels are whole numbers from 0 to 255, received {_first(values, ~is_pixel)}; "
            "the network scales them itself, so send them as they are in the image"
        )
    return values.astype(np.uint8)


def _features(values: NDArray[Any]) -> NDArray[np.float32]:
    exact = values.astype(np.float64)  # float16 cannot even be compared with the bounds
    is_feature = (exact >= -_MAX_FEATURE) & (exact <= _MAX_FEATURE)
    if not is_feature.all():
        raise BadTensor(f"features are numbers from -1e6 to 1e6, received {_first(values, ~is_feature)}")
    return exact.astype(np.float32)


def _first(values: NDArray[Any], wrong: NDArray[np.bool_]) -> str:
    return format_value(values[wrong][0].item())
