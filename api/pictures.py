"""The pictures in a request, whichever of the three ways they were sent."""

import base64
import binascii
from http import HTTPStatus
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

_MOST_PICTURES = 100
_FIELD = "file"


class BadRequestBody(Exception):
    """The body is not of a form that the route reads."""


class SentPicture(NamedTuple):
    filename: str
    data: bytes


class JsonPictures(BaseModel):
    """`{"image": "<base64>"}` or `{"images": ["<base64>", ...]}`."""

    model_config = ConfigDict(extra="forbid")

    image: str | None = None
    images: list[str] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "JsonPictures":
        if (self.image is None) == (self.images is None):
            raise ValueError('expected either "image" or "images"')
        return self

    def all(self) -> list[str]:
        return [self.image] if self.image is not None else self.images or []


async def read_pictures(request: Request) -> list[SentPicture]:
    """Read multipart (`file`, one or many), JSON with base64, or one raw picture. Raises BadRequestBody."""
    content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if content_type == "multipart/form-data":
        pictures = await _from_form(request)
    elif content_type == "application/json":
        pictures = _from_json(await request.body())
    else:
        pictures = [SentPicture("body", await request.body())]
    if not pictures:
        raise BadRequestBody(f"no picture: send one or more files in the form field `{_FIELD}`")
    if len(pictures) > _MOST_PICTURES:
        raise BadRequestBody(f"{len(pictures)} pictures are more than the {_MOST_PICTURES} that one request may hold")
    return pictures


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


def _from_json(body: bytes) -> list[SentPicture]:
    try:
        sent = JsonPictures.model_validate_json(body).all()
        return [
            SentPicture(f"image {index}", base64.b64decode(_without_prefix(text), validate=True))
            for index, text in enumerate(sent)
        ]
    except (ValidationError, binascii.Error, ValueError) as error:
        raise BadRequestBody(
            'expected {"image": "<base64>"} or {"images": ["<base64>", ...]} with valid base64'
        ) from error


def _without_prefix(text: str) -> str:
    """A browser's data URL carries the same base64 behind a comma."""
    return text.partition(",")[2] if text.startswith("data:") else text
