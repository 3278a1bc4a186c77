"""Samples of a request, in every form in which they can be sent: images, or rows of numbers."""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from api.wire.body import BadRequestBody
from api.wire.forms import is_form, parse_form
from serving.preparation import FeatureSample, ImageSample, Sample

_MAX_IMAGES = 100
_MAX_SAMPLES = 10_000
_MAX_FEATURES = 1_000
_FIELD = "file"
_HINT = f"send images in the field `{_FIELD}`, as in curl -F {_FIELD}=@seven.png"

# Beyond these bounds a network's own arithmetic may leave float32.
_Feature = Annotated[float, Field(strict=True, ge=-1e6, le=1e6, allow_inf_nan=False)]
_Features = Annotated[list[_Feature], Field(min_length=1, max_length=_MAX_FEATURES, fail_fast=True)]
_Rows = Annotated[list[_Features], Field(min_length=1, max_length=_MAX_SAMPLES, fail_fast=True)]


class JsonSamples(BaseModel):
    """`{"image": "<base64>"}`, `{"images": ["<base64>", ...]}`, or where a dataset has no images
    `{"features": [x, y]}`, one sample or a list of them."""

    model_config = ConfigDict(extra="forbid")

    image: str | None = None
    # Stops at the first error: reporting millions of them takes seconds and gigabytes.
    images: Annotated[list[str], Field(fail_fast=True)] | None = None
    features: _Features | _Rows | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "JsonSamples":
        if sum(sent is not None for sent in (self.image, self.images, self.features)) != 1:
            raise ValueError('expected one of "image", "images" and "features"')
        return self

    def samples(self) -> Sequence[Sample]:
        if self.features is not None:
            rows = self.features if isinstance(self.features[0], list) else [self.features]
            return [FeatureSample(f"sample {index}", row) for index, row in enumerate(rows)]
        sent = [self.image] if self.image is not None else self.images or []
        if len(sent) > _MAX_IMAGES:
            raise BadRequestBody(f"received {len(sent)} images, more than the limit of {_MAX_IMAGES} for one request")
        return [
            ImageSample(f"image {index}", base64.b64decode(_strip_data_url(text), validate=True))
            for index, text in enumerate(sent)
        ]


def parse_samples(content_type: str, body: bytes) -> Sequence[Sample]:
    """Parse a form (`file`, one or many), JSON with base64 or with features, or one raw image. At least one sample,
    all of one kind. Raises BadRequestBody."""
    if is_form(content_type):
        samples: Sequence[Sample] = _parse_form(content_type, body)
    elif content_type.split(";", 1)[0].strip().lower() == "application/json":
        samples = _parse_json(body)
    else:
        samples = [ImageSample("body", body)]
    if not samples:
        raise BadRequestBody(f"no image: send one or more files in the form field `{_FIELD}`")
    return samples


def _parse_form(content_type: str, body: bytes) -> list[ImageSample]:
    parts = parse_form(content_type, body, _MAX_IMAGES, _HINT)
    for part in parts:
        if part.field != _FIELD:
            raise BadRequestBody(f"unknown form field `{part.field[:50]}`: {_HINT}")
        if part.filename is None:
            raise BadRequestBody(f"the form field `{_FIELD}` holds text, not a file: {_HINT}")
    return [ImageSample(part.filename or "image", part.data) for part in parts]


def _parse_json(body: bytes) -> Sequence[Sample]:
    try:
        return JsonSamples.model_validate_json(body).samples()
    except (ValidationError, binascii.Error, ValueError) as error:
        raise BadRequestBody(
            'expected {"image": "<base64>"} or {"images": ["<base64>", ...]} with valid base64, or for a dataset of '
            f'numbers {{"features": [x, y]}} or {{"features": [[x, y], ...]}}, up to {_MAX_SAMPLES:,} samples, each '
            "number from -1e6 to 1e6"
        ) from error


def _strip_data_url(text: str) -> str:
    """The base64 of a browser's data URL is behind a comma."""
    return text.partition(",")[2] if text.startswith("data:") else text
