"""From what was sent to what a network takes. The one place where an image's bytes become an array."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from api.wire.samples import BadRequestBody, SentFeatures, SentImage
from imaging import fast_decode
from imaging.decode import decode
from imaging.errors import ImageError
from imaging.preparation import PreparedImage, prepare_image
from models_store.models.serving_info import ServingInfo
from serving.session import Samples

Prep = Literal["auto", "none"]
# What the images of a request may have together, before and after they get the network's size, to be prepared in the
# event loop: it takes 2 ms at most.
_LIGHT_PIXELS = 2 * fast_decode.MAX_PIXELS
# To find a digit takes ten times as long, and in a chequerboard fifty times.
_LIGHT_DIGIT_PIXELS = _LIGHT_PIXELS // 64


class PreparedSamples(NamedTuple):
    """`samples` is (n, *info.image_shape): uint8 for images, float32 for features. The others have an entry for each
    sample, as in `imaging.preparation.PreparedImage`."""

    samples: Samples
    steps: list[tuple[str, ...]]
    may_be_digit: list[bool]


def prepare(data: bytes, info: ServingInfo, max_pixels: int, prep: Prep = "auto") -> PreparedImage:
    """An image as it was sent to what the network sees of it, of `info.image_shape`. With "auto" a network that knows
    digits is shown the digit in the form that it knows, whatever the image; with "none" images are resized at most.

    Raises BadRequestBody where the network takes no images, UnreadableImage, ImageTooLarge.
    """
    if len(info.image_shape) != 3:
        raise BadRequestBody(_misdirected("an image", info))
    digit_form = info.digit_form if prep == "auto" else None
    return prepare_image(decode(data, max_pixels), info.image_shape, info.resize, digit_form)


def prepare_all(
    samples: Sequence[SentImage | SentFeatures], info: ServingInfo, max_pixels: int, prep: Prep = "auto"
) -> PreparedSamples:
    """Raises what `prepare` raises, and names the sample in it."""
    rows, steps, may_be_digit = zip(*(_prepared(each, info, max_pixels, prep) for each in samples), strict=True)
    return PreparedSamples(rows[0][None] if len(rows) == 1 else np.stack(rows), list(steps), list(may_be_digit))


def is_light(samples: Sequence[SentImage | SentFeatures], info: ServingInfo) -> bool:
    """Whether they are prepared so fast that the event loop may do it. Images that are not of the simplest kind never
    are: how long they take is not known before."""
    pixels = math.prod(info.image_shape[:2]) * len(samples)
    for sample in samples:
        if isinstance(sample, SentImage):
            image = fast_decode.plain_image(sample.data)
            if image is None:
                return False
            pixels += image.pixels
    return pixels <= (_LIGHT_DIGIT_PIXELS if info.digit_form else _LIGHT_PIXELS)


def _prepared(
    sample: SentImage | SentFeatures, info: ServingInfo, max_pixels: int, prep: Prep
) -> tuple[Samples, tuple[str, ...], bool]:
    try:
        if isinstance(sample, SentImage):
            return prepare(sample.data, info, max_pixels, prep)
        return _features(sample.values, info), (), True
    except (ImageError, BadRequestBody) as error:
        raise type(error)(f"{sample.filename[:100]}: {error}") from error


def _features(values: Sequence[float], info: ServingInfo) -> NDArray[np.float32]:
    if info.image_shape != (len(values),):
        raise BadRequestBody(_misdirected(f"{len(values)} numbers", info))
    return np.array(values, dtype=np.float32)


def _misdirected(received: str, info: ServingInfo) -> str:
    if info.takes_images:
        return f"the model of {info.dataset} takes images, received {received}; send one by curl -F file=@seven.png"
    features = info.image_shape[0]
    row = ", ".join(["1.5"] * features)
    return (
        f"the model of {info.dataset} takes {features} numbers a sample, received {received}; send JSON such as "
        f'{{"features": [{row}]}} or a list of such rows, with Content-Type: application/json'
    )
