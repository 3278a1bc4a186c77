"""JSON request bodies of other servers' protocols: Content-Encoding, parsing, numbers, base64."""

import zlib
from typing import Any, TypeVar

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError, model_validator
from starlette.exceptions import HTTPException
from starlette.requests import Request

from api.wire.base64_text import NotBase64, decode_base64
from api.wire.predict import MAX_BODY_BYTES
from serving.errors import BadTensor
from specs.problem import format_value, pointer_of, shorten

# gzip's own header, or zlib's, which HTTP calls deflate.
_WINDOW = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}

Model = TypeVar("Model", bound=BaseModel)


class WithoutNulls(BaseModel):
    """A JSON object whose null members count as absent, as some clients write them."""

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, sent: Any) -> Any:
        return {name: value for name, value in sent.items() if value is not None} if isinstance(sent, dict) else sent


def content_encoding(request: Request) -> str:
    return ", ".join(request.headers.getlist("content-encoding"))


def decompress(body: bytes, encoding: str) -> bytes:
    """Undo `Content-Encoding: encoding`. Raises HTTPException: 415 for an encoding other than gzip and deflate, 413 for
    more than MAX_BODY_BYTES after decompression; BadTensor for a body that does not decompress."""
    if encoding.strip().lower() in ("", "identity"):
        return body
    window = _WINDOW.get(encoding.strip().lower())
    if window is None:
        raise HTTPException(415, f"Content-Encoding {encoding[:50]!r} is not supported; send gzip, deflate or none")
    decompressor = zlib.decompressobj(window)
    try:
        data = decompressor.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise BadTensor(f"the body does not decompress as {encoding}: {error}") from error
    if len(data) > MAX_BODY_BYTES:
        raise HTTPException(413, f"the body decompresses to more than the limit of {MAX_BODY_BYTES:,} bytes")
    if not decompressor.eof or decompressor.unused_data:
        raise BadTensor(f"the {encoding} data in the body is cut short, or followed by other bytes")
    return data


def parse_json(model: type[Model], data: bytes | memoryview, example: str) -> Model:
    """Validate JSON as `model`. Raises BadTensor, with `example` for a body that is not a JSON object."""
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadTensor(f"the body does not parse as JSON: {error}; send for example {example}") from error
    if not isinstance(document, dict):
        raise BadTensor(f"the body is {format_value(document)}, not a JSON object; send for example {example}")
    try:
        return model.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadTensor(
            f"{pointer_of(first['loc'])}: {shorten(first['msg'])}, received {format_value(first.get('input'))}"
        ) from error


def parse_numbers(data: list[Any], where: str) -> NDArray[np.float64]:
    """Nested lists of numbers, rectangular, to an array of that shape. Raises BadTensor."""
    # As objects first: numpy would make a number of "7", and an array of millions of long texts of one long text.
    array = np.array(data, dtype=object)
    cells = array.reshape(-1)
    others = set(map(type, cells)) - {int, float}
    if list in others:
        raise BadTensor(f"{where} is ragged, or nested too deep: lists on one level differ in length or in kind")
    if others:
        wrong = next(each for each in cells if type(each) in others)
        raise BadTensor(f"{where} holds {format_value(wrong)}; expected numbers only")
    return array.astype(np.float64)


def decode_file(text: str, where: str) -> bytes:
    """The file that is base64 in `text`. Raises BadTensor."""
    try:
        return decode_base64(text)
    except NotBase64 as error:
        raise BadTensor(f"{where} {error}") from error
