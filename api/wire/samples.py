"""What a request asks about, whichever of the ways it was sent: images, or rows of numbers."""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from api.wire import multipart

_MAX_IMAGES = 100
_MAX_SAMPLES = 10_000
_MAX_FEATURES = 1_000
_FIELD = "file"
_HOW = f"send images in the field `{_FIELD}`, as in curl -F {_FIELD}=@seven.png"


class BadRequestBody(Exception):
    """The body is not of a form that the route reads."""

    kind: ClassVar[str] = "invalid"


class SentImage(NamedTuple):
    filename: str
    data: bytes


class SentFeatures(NamedTuple):
    """A sample that is no image: numbers in a row."""

    filename: str
    values: list[float]


# Beyond these a network's own arithmetic may leave float32.
_Feature = Annotated[float, Field(strict=True, ge=-1e6, le=1e6, allow_inf_nan=False)]
_Features = Annotated[list[_Feature], Field(min_length=1, max_length=_MAX_FEATURES, fail_fast=True)]
_Rows = Annotated[list[_Features], Field(min_length=1, max_length=_MAX_SAMPLES, fail_fast=True)]


class JsonSamples(BaseModel):
    """`{"image": "<base64>"}`, `{"images": ["<base64>", ...]}`, or where a dataset has no images
    `{"features": [x, y]}`, one sample or a list of them."""

    model_config = ConfigDict(extra="forbid")

    image: str | None = None
    # The first error ends it: to tell of millions takes seconds and gigabytes.
    images: Annotated[list[str], Field(fail_fast=True)] | None = None
    features: _Features | _Rows | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "JsonSamples":
        if sum(sent is not None for sent in (self.image, self.images, self.features)) != 1:
            raise ValueError('expected one of "image", "images" and "features"')
        return self

    def all(self) -> Sequence[SentImage | SentFeatures]:
        if self.features is not None:
            rows = self.features if isinstance(self.features[0], list) else [self.features]
            return [SentFeatures(f"sample {index}", row) for index, row in enumerate(rows)]
        sent = [self.image] if self.image is not None else self.images or []
        _check_count(len(sent))
        return [
            SentImage(f"image {index}", base64.b64decode(_without_prefix(text), validate=True))
            for index, text in enumerate(sent)
        ]


def read_samples(content_type: str, body: bytes) -> Sequence[SentImage | SentFeatures]:
    """Read multipart (`file`, one or many), JSON with base64 or with features, or one raw image. All are of one kind.
    Raises BadRequestBody."""
    kind = content_type.split(";", 1)[0].strip().lower()
    if kind == "multipart/form-data":
        samples: Sequence[SentImage | SentFeatures] = _from_form(content_type, body)
    elif kind == "application/json":
        samples = _from_json(body)
    else:
        samples = [SentImage("body", body)]
    if not samples:
        raise BadRequestBody(f"no image: send one or more files in the form field `{_FIELD}`")
    return samples


def _check_count(images: int) -> None:
    if images > _MAX_IMAGES:
        raise BadRequestBody(f"{images} images are more than the {_MAX_IMAGES} that one request may hold")


def _from_form(content_type: str, body: bytes) -> list[SentImage]:
    try:
        sent = multipart.parts(content_type, body, _MAX_IMAGES)
    except multipart.BadForm as error:
        raise BadRequestBody(f"the form does not parse: {error}; {_HOW}") from error
    for part in sent:
        if part.name != _FIELD:
            raise BadRequestBody(f"unknown form field `{part.name[:50]}`: {_HOW}")
        if part.filename is None:
            raise BadRequestBody(f"the form field `{_FIELD}` holds text, not a file: {_HOW}")
    return [SentImage(part.filename or "image", part.data) for part in sent]


def _from_json(body: bytes) -> Sequence[SentImage | SentFeatures]:
    try:
        return JsonSamples.model_validate_json(body).all()
    except (ValidationError, binascii.Error, ValueError) as error:
        raise BadRequestBody(
            'expected {"image": "<base64>"} or {"images": ["<base64>", ...]} with valid base64, or for a dataset of '
            f'numbers {{"features": [x, y]}} or {{"features": [[x, y], ...]}}, up to {_MAX_SAMPLES:,} samples, each '
            "number from -1e6 to 1e6"
        ) from error


def _without_prefix(text: str) -> str:
    """A browser's data URL carries the same base64 behind a comma."""
    return text.partition(",")[2] if text.startswith("data:") else text
