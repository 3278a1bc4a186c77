"""What a request asks about, whichever of the ways it was sent: pictures, or rows of numbers."""

import base64
import binascii
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

_MOST_PICTURES = 100
_MOST_SAMPLES = 10_000
_MOST_FEATURES = 1_000
_FIELD = "file"


class BadRequestBody(Exception):
    """The body is not of a form that the route reads."""


class SentPicture(NamedTuple):
    filename: str
    data: bytes


class SentFeatures(NamedTuple):
    """A sample that is no picture: numbers in a row."""

    filename: str
    values: list[float]


# Beyond these a network's own arithmetic may leave float32.
_Feature = Annotated[float, Field(strict=True, ge=-1e6, le=1e6, allow_inf_nan=False)]
_Features = Annotated[list[_Feature], Field(min_length=1, max_length=_MOST_FEATURES)]


class JsonSamples(BaseModel):
    """`{"image": "<base64>"}`, `{"images": ["<base64>", ...]}`, or where a data set has no pictures
    `{"features": [x, y]}`, one sample or a list of them."""

    model_config = ConfigDict(extra="forbid")

    image: str | None = None
    images: list[str] | None = None
    features: _Features | Annotated[list[_Features], Field(min_length=1, max_length=_MOST_SAMPLES)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "JsonSamples":
        if sum(sent is not None for sent in (self.image, self.images, self.features)) != 1:
            raise ValueError('expected one of "image", "images" and "features"')
        return self

    def all(self) -> Sequence[SentPicture | SentFeatures]:
        if self.features is not None:
            rows = self.features if isinstance(self.features[0], list) else [self.features]
            return [SentFeatures(f"sample {index}", row) for index, row in enumerate(rows)]
        sent = [self.image] if self.image is not None else self.images or []
        return [
            SentPicture(f"image {index}", base64.b64decode(_without_prefix(text), validate=True))
            for index, text in enumerate(sent)
        ]


async def read_samples(request: Request) -> Sequence[SentPicture | SentFeatures]:
    """Read multipart (`file`, one or many), JSON with base64 or with features, or one raw picture. All are of one kind.
    Raises BadRequestBody."""
    content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if content_type == "multipart/form-data":
        samples: Sequence[SentPicture | SentFeatures] = await _from_form(request)
    elif content_type == "application/json":
        samples = _from_json(await request.body())
    else:
        samples = [SentPicture("body", await request.body())]
    if not samples:
        raise BadRequestBody(f"no picture: send one or more files in the form field `{_FIELD}`")
    if isinstance(samples[0], SentPicture) and len(samples) > _MOST_PICTURES:
        raise BadRequestBody(f"{len(samples)} pictures are more than the {_MOST_PICTURES} that one request may hold")
    return samples


async def _from_form(request: Request) -> list[SentPicture]:
    try:
        async with request.form(max_files=_MOST_PICTURES, max_fields=_MOST_PICTURES) as form:
            unknown = sorted({name for name, _ in form.multi_items()} - {_FIELD})
            if unknown:
                raise BadRequestBody(
                    f"unknown form field `{unknown[0][:50]}`: send pictures in the field `{_FIELD}`, "
                    f"as in curl -F {_FIELD}=@seven.png"
                )
            return [
                SentPicture(field.filename or "picture", await field.read())
                if isinstance(field, UploadFile)
                else _not_a_file()
                for field in form.getlist(_FIELD)
            ]
    except HTTPException as error:
        # Starlette says so of a form that does not parse; a body that is too large it says as 413.
        if error.status_code != HTTPStatus.BAD_REQUEST:
            raise
        raise BadRequestBody(f"the form does not parse: {error.detail}") from error


def _not_a_file() -> SentPicture:
    raise BadRequestBody(f"the form field `{_FIELD}` holds text, not a file: use curl -F {_FIELD}=@seven.png")


def _from_json(body: bytes) -> Sequence[SentPicture | SentFeatures]:
    try:
        return JsonSamples.model_validate_json(body).all()
    except (ValidationError, binascii.Error, ValueError) as error:
        raise BadRequestBody(
            'expected {"image": "<base64>"} or {"images": ["<base64>", ...]} with valid base64, or for a data set of '
            f'numbers {{"features": [x, y]}} or {{"features": [[x, y], ...]}}, up to {_MOST_SAMPLES:,} samples, each '
            "number from -1e6 to 1e6"
        ) from error


def _without_prefix(text: str) -> str:
    """A browser's data URL carries the same base64 behind a comma."""
    return text.partition(",")[2] if text.startswith("data:") else text
