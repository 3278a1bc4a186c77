"""From samples as they were sent to the input of a network: the one place where an image file becomes an array."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imaging import fast_decode
from imaging.decode import decode
from imaging.digits.localization import Finding
from imaging.errors import ImageError
from imaging.preparation import PreparedImage, prepare_image, prepare_row
from imaging.wide_colors import least_white
from models_store.models.serving_info import ServingInfo
from serving.errors import InvalidSample
from serving.session import Samples

Prep = Literal["auto", "none"]
# The limit for the images of a request together, before and after they get the network's size, to be prepared in the
# event loop: it takes 2 ms at most.
_LIGHT_PIXELS = 2 * fast_decode.MAX_PIXELS
# Finding a digit takes ten times as long, and in a checkerboard fifty times.
_LIGHT_DIGIT_PIXELS = _LIGHT_PIXELS // 64
_SAMPLE_ERRORS = (ImageError, InvalidSample)


class ImageSample(NamedTuple):
    """`data` is an image file."""

    filename: str
    data: bytes


class FeatureSample(NamedTuple):
    """Numbers in a row, of a dataset without images."""

    filename: str
    values: list[float]


Sample = ImageSample | FeatureSample
# As `imaging.preparation.PreparedImage`, but of features, too.
PreparedSample = tuple[Samples, tuple[str, ...], Finding, int]
# How many digits an image shows: one, or a row of them.
Digits = Literal["one", "many"]


class PreparedSamples(NamedTuple):
    """`samples` is (n, *info.image_shape): uint8 for images, float32 for features. The others have an entry for each
    sample, as in `imaging.preparation.PreparedImage`."""

    filenames: list[str]
    samples: Samples
    steps: list[tuple[str, ...]]
    findings: list[Finding]
    ignored_marks: list[int]


def prepare(data: bytes, info: ServingInfo, max_pixels: int, prep: Prep = "auto") -> PreparedImage:
    """An image file to what the network sees of it, of `info.image_shape`. With "auto" a network that knows digits sees
    the digit that is found, in the form that it knows; with "none" images are only resized.

    Raises InvalidSample if the network takes no images, or if the pixels are in another range than its own and no digit
    is prepared; UnreadableImage, ImageTooLarge.
    """
    if len(info.image_shape) != 3:
        raise InvalidSample(_mismatch("an image", info))
    digit_form = info.digit_form if prep == "auto" else None
    image = decode(data, max_pixels, least_white(info.white))
    prepared = prepare_image(image, info.image_shape, info.resize, digit_form)
    if digit_form is None and int(prepared.array.max()) <= info.foreign_peak:
        peak = int(np.asarray(image).max())  # bright dots may vanish when an image is reduced
        if 0 < peak <= info.foreign_peak:
            alternative = ", or leave out prep=none" if info.digit_form else ""
            raise InvalidSample(
                f"the pixels of the image are at most {peak}, as in images from 0 to {info.foreign_white(peak)}; send "
                f"them from 0 to 255{alternative}"
            )
    return prepared


def prepare_digits(sample: Sample, info: ServingInfo, max_pixels: int) -> list[PreparedImage]:
    """The digits of an image as `prepare` prepares the only one, from left to right: at least one, which is
    `not_a_digit` if there are none. Raises InvalidSample if the sample is no image or the network does not read digits,
    and the errors of `prepare`."""
    if not isinstance(sample, ImageSample) or info.digit_form is None or len(info.image_shape) != 3:
        raise InvalidSample(
            f"digits=many is for images of digits, and the model of {info.dataset} reads none; leave it out"
        )
    image = decode(sample.data, max_pixels, least_white(info.white))
    row = prepare_row(image, info.image_shape, info.resize, info.digit_form)
    return row or [prepare(sample.data, info, max_pixels)._replace(finding="not_a_digit")]


def prepare_all(samples: Sequence[Sample], info: ServingInfo, max_pixels: int, prep: Prep = "auto") -> PreparedSamples:
    """Raises the errors of `prepare_sample`."""
    return stack_prepared(
        [sample.filename for sample in samples], [prepare_sample(each, info, max_pixels, prep) for each in samples]
    )


def stack_rows(
    samples: Sequence[Sample], rows: Sequence[Sequence[PreparedSample]]
) -> tuple[PreparedSamples, list[int]]:
    """All digits of all images, and how many each image has."""
    filenames = [sample.filename for sample, row in zip(samples, rows, strict=True) for _ in row]
    return stack_prepared(filenames, [digit for row in rows for digit in row]), [len(row) for row in rows]


def stack_prepared(filenames: list[str], prepared_samples: Sequence[PreparedSample]) -> PreparedSamples:
    """At least one sample."""
    arrays, steps, findings, ignored_marks = zip(*prepared_samples, strict=True)
    samples = arrays[0][None] if len(arrays) == 1 else np.stack(arrays)
    return PreparedSamples(filenames, samples, list(steps), list(findings), list(ignored_marks))


def is_light(samples: Sequence[Sample], info: ServingInfo) -> bool:
    """Whether they can be prepared in the event loop. Images that `imaging.fast_decode` does not read never can: how
    long they take is unknown beforehand."""
    pixels = math.prod(info.image_shape[:2]) * len(samples)
    for sample in samples:
        if isinstance(sample, ImageSample):
            image = fast_decode.plain_image(sample.data)
            if image is None:
                return False
            pixels += image.pixels
    return pixels <= (_LIGHT_DIGIT_PIXELS if info.digit_form else _LIGHT_PIXELS)


def prepare_sample(sample: Sample, info: ServingInfo, max_pixels: int, prep: Prep) -> PreparedSample:
    """Raises the errors of `prepare`, with the name of the sample."""
    try:
        if isinstance(sample, ImageSample):
            return prepare(sample.data, info, max_pixels, prep)
        return _features(sample.values, info), (), "digit", 0
    except _SAMPLE_ERRORS as error:
        raise _named(error, sample) from error


def prepare_sample_row(sample: Sample, info: ServingInfo, max_pixels: int, prep: Prep) -> list[PreparedImage]:
    """Raises the errors of `prepare_digits`, with the name of the sample, and InvalidSample for prep "none"."""
    if prep == "none":
        raise InvalidSample("digits=many finds digits, and prep=none does not look for any; leave one of them out")
    try:
        return prepare_digits(sample, info, max_pixels)
    except _SAMPLE_ERRORS as error:
        raise _named(error, sample) from error


def _named(error: Exception, sample: Sample) -> Exception:
    """The same error, which begins with the name of the sample."""
    return type(error)(f"{sample.filename[:100]}: {error}")


def _features(values: Sequence[float], info: ServingInfo) -> NDArray[np.float32]:
    if info.image_shape != (len(values),):
        raise InvalidSample(_mismatch(f"{len(values)} numbers", info))
    return np.array(values, dtype=np.float32)


def _mismatch(received: str, info: ServingInfo) -> str:
    if info.takes_images:
        return f"the model of {info.dataset} takes images, received {received}; send one by curl -F file=@seven.png"
    features = info.image_shape[0]
    row = ", ".join(["1.5"] * features)
    return (
        f"the model of {info.dataset} takes {features} numbers a sample, received {received}; send JSON such as "
        f'{{"features": [{row}]}} or a list of such rows, with Content-Type: application/json'
    )
