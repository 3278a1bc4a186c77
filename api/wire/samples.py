"""Samples of a request, in every form in which they can be sent: images, or rows of numbers."""

import re
from collections.abc import Sequence
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from api.wire.base64_text import NotBase64, decode_base64
from api.wire.body import BadRequestBody
from api.wire.file_signatures import BYTE_ORDER_MARK, begins_as_json, check_unharmed, text_of
from api.wire.forms import TEXT_BYTES, Part, begins_as_form, holds_text, is_form, parse_form, unknown_field
from imaging.formats import begins_as_image
from serving.predictor import PredictionOptions
from serving.preparation import FeatureSample, ImageSample, Sample
from specs.explanation import problems_of
from specs.problem import Problem, pointer_of, received_value
from specs.schema import FieldError

_MAX_IMAGES = 100
_MAX_SAMPLES = 10_000
_MAX_FEATURES = 1_000
_FIELD = "file"
_HINT = f"send images in the field `{_FIELD}`, as in curl -F {_FIELD}=@seven.png"
_BATCH_HINT = "POST /predict:batch takes thousands in one request"
_JSON_HINT = (
    'expected {"image": "<base64>"} or {"images": ["<base64>", ...]}, or for a dataset of numbers {"features": [x, y]} '
    f'or {{"features": [[x, y], ...]}}, up to {_MAX_SAMPLES:,} samples, each number from -1e6 to 1e6'
)

# As of `application/x-www-form-urlencoded`.
_TEXT_FIELD = re.compile(r"([A-Za-z_][\w.\[\]-]{0,39})=(?!=)")
_BASE64_START = 16  # of 12 bytes

_EXPECTED = {"image": "a base64 string", "images": "a list of base64 strings", "features": "a list of numbers"}

# Beyond these bounds a network's own arithmetic may leave float32.
_Feature = Annotated[float, Field(strict=True, ge=-1e6, le=1e6, allow_inf_nan=False)]
_Features = Annotated[list[_Feature], Field(min_length=1, max_length=_MAX_FEATURES, fail_fast=True)]
_Rows = Annotated[list[_Features], Field(min_length=1, max_length=_MAX_SAMPLES, fail_fast=True)]


def _kind_of_features(value: Any) -> str:
    return "rows" if isinstance(value, list) and value and isinstance(value[0], list) else "row"


class JsonSamples(BaseModel):
    """`{"image": "<base64>"}`, `{"images": ["<base64>", ...]}`, or where a dataset has no images
    `{"features": [x, y]}`, one sample or a list of them."""

    model_config = ConfigDict(extra="forbid")

    image: str | None = None
    # Stops at the first error: reporting millions of them takes seconds and gigabytes.
    images: Annotated[list[str], Field(min_length=1, fail_fast=True)] | None = None
    features: (
        Annotated[Annotated[_Features, Tag("row")] | Annotated[_Rows, Tag("rows")], Discriminator(_kind_of_features)]
        | None
    ) = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "JsonSamples":
        sent = [name for name in JsonSamples.model_fields if getattr(self, name) is not None]
        nulls = [name for name in JsonSamples.model_fields if name in self.model_fields_set and name not in sent]
        if nulls and not sent:
            raise FieldError((nulls[0],), f"expected {_EXPECTED[nulls[0]]}, received null")
        if len(sent) != 1:
            raise ValueError(
                f"expected one of `image`, `images` and `features`, received {' and '.join(sent) or 'none'}"
            )
        return self

    def samples(self) -> Sequence[Sample]:
        """Raises BadRequestBody."""
        if self.features is not None:
            rows = self.features if isinstance(self.features[0], list) else [self.features]
            return [FeatureSample(f"sample {index}", row) for index, row in enumerate(rows)]
        if self.image is not None:
            return [_decode("image 0", self.image, "image")]
        images = self.images or []
        if len(images) > _MAX_IMAGES:
            raise BadRequestBody(
                f"received {len(images)} images, more than the limit of {_MAX_IMAGES} for one request; {_BATCH_HINT}"
            )
        return [_decode(f"image {index}", text, "images", index) for index, text in enumerate(images)]


def _decode(filename: str, text: str, *path: str | int) -> ImageSample:
    try:
        return ImageSample(filename, decode_base64(text))
    except NotBase64 as error:
        problem = Problem(pointer=pointer_of(path), detail=f"the text {error}", received=received_value(text))
        raise _invalid_json([problem]) from error


def parse_samples(content_type: str, body: bytes) -> Sequence[Sample]:
    """Parse a form (`file`, one or many), JSON with base64 or with features, or one raw image; recognized by the
    content, too, because many clients send a wrong Content-Type. At least one sample, all of one kind. Raises
    BadRequestBody."""
    if (is_form(content_type) and not begins_as_image(body)) or begins_as_form(body):
        samples: Sequence[Sample] = _parse_form(content_type, body)
    elif begins_as_json(body) or (_is_json(content_type) and not begins_as_image(body)):
        samples = _parse_json(body)
    else:
        samples = [_parse_image(body)]
    if not samples:
        raise BadRequestBody(f"no image: send one or more files in the form field `{_FIELD}`")
    return samples


def _is_json(content_type: str) -> bool:
    return content_type.split(";", 1)[0].strip().lower() == "application/json"


def _parse_form(content_type: str, body: bytes) -> list[ImageSample]:
    return [_file_of(part) for part in parse_form(content_type, body, _MAX_IMAGES, f"{_HINT}; {_BATCH_HINT}")]


def _file_of(part: Part) -> ImageSample:
    if part.field != _FIELD:
        raise BadRequestBody(f"{unknown_field(part.field, [_FIELD], PredictionOptions._fields)}; {_HINT}")
    if part.filename is None and (mistake := holds_text(part.field, part.data)) is not None:
        raise BadRequestBody(f"{mistake}; {_HINT}")
    return ImageSample(part.filename or "image", part.data)


def _parse_image(body: bytes) -> ImageSample:
    check_unharmed(body, "seven.png")
    if (text := text_of(body[:TEXT_BYTES])) is not None and (mistake := _mistake_of(text)):
        raise BadRequestBody(f'{mistake}; send it as JSON, {{"image": "<base64>"}}, or {_HINT.removeprefix("send ")}')
    return ImageSample("body", body)


def _mistake_of(text: str) -> str | None:
    """What a body that begins with `text` is, if it may hold an image in another form."""
    if match := _TEXT_FIELD.match(text):
        return f"the body is a form of text with the field `{match[1]}`, as `curl -d` and plain HTML forms send it"
    try:
        is_image = begins_as_image(decode_base64(text.rpartition("base64,")[2].lstrip()[:_BASE64_START]))
    except NotBase64:
        return None
    return "the body is an image in base64 alone" if is_image else None


def _parse_json(body: bytes) -> Sequence[Sample]:
    body = body.removeprefix(BYTE_ORDER_MARK)
    try:
        return JsonSamples.model_validate_json(body).samples()
    except ValidationError as error:
        raise _invalid_json(_problems_of(error, body)) from error


def _problems_of(error: ValidationError, body: bytes) -> list[Problem]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as not_json:
        return [Problem(pointer="", detail=f"the body does not parse as JSON: {not_json}")]
    if not isinstance(document, dict):
        return [Problem(pointer="", detail="expected an object", received=received_value(document))]
    in_url = [
        Problem(
            pointer=pointer_of([name]),
            detail=f"it belongs in the URL, as in ?{name}=...",
            received=received_value(value),
        )
        for name, value in document.items()
        if name in PredictionOptions._fields
    ]
    return in_url or problems_of(error, document, JsonSamples)


def _invalid_json(problems: Sequence[Problem]) -> BadRequestBody:
    return BadRequestBody(f"{'; '.join(map(str, problems))}; {_JSON_HINT}", problems)
