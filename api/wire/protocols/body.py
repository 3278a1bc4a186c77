"""The body of a request, unpacked, and the JSON in it."""

import base64
import binascii
import zlib
from typing import Any, TypeVar

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError, model_validator
from starlette.exceptions import HTTPException
from starlette.requests import Request

from api.wire.predictor import BODY_BYTES
from api.wire.protocols.samples import BadTensor
from specs.problem import pointer_of, shortened, shown

# gzip's own header, or zlib's, which is what HTTP calls deflate.
_WINDOW = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}

Model = TypeVar("Model", bound=BaseModel)


class WithoutNulls(BaseModel):
    """A JSON object whose null members count as left out, as some clients write them."""

    @model_validator(mode="before")
    @classmethod
    def _leave_out_nulls(cls, sent: Any) -> Any:
        return {name: value for name, value in sent.items() if value is not None} if isinstance(sent, dict) else sent


def unpacked(body: bytes, encoding: str) -> bytes:
    """Undo `Content-Encoding: encoding`. Raises HTTPException: 415 for another encoding than gzip and deflate, 413 for
    what is above BODY_BYTES unpacked; and BadTensor for what does not unpack."""
    if encoding.strip().lower() in ("", "identity"):
        return body
    window = _WINDOW.get(encoding.strip().lower())
    if window is None:
        raise HTTPException(415, f"Content-Encoding {encoding[:50]!r} is not read here; send gzip, deflate or none")
    unpacking = zlib.decompressobj(window)
    try:
        data = unpacking.decompress(body, BODY_BYTES + 1)
    except zlib.error as error:
        raise BadTensor(f"the body does not unpack as {encoding}: {error}") from error
    if len(data) > BODY_BYTES:
        raise HTTPException(413, f"the body unpacks to more than the {BODY_BYTES:,} bytes that are read")
    if not unpacking.eof or unpacking.unused_data:
        raise BadTensor(f"the body is cut short, or something follows the end of its {encoding} data")
    return data


def content_encoding(request: Request) -> str:
    return ", ".join(request.headers.getlist("content-encoding"))


def parsed(model: type[Model], data: bytes | memoryview, example: str) -> Model:
    """JSON to `model`. Raises BadTensor, with `example` for what is no JSON object at all."""
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadTensor(f"the body does not parse as JSON: {error}; send such as {example}") from error
    if not isinstance(document, dict):
        raise BadTensor(f"the body is {shown(document)}, not a JSON object; send such as {example}")
    try:
        return model.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadTensor(
            f"{pointer_of(first['loc'])}: {shortened(first['msg'])}, received {shown(first.get('input'))}"
        ) from error


def numbers(data: list[Any], where: str) -> NDArray[np.float64]:
    """Nested lists of numbers, rectangular, to an array of that shape. Raises BadTensor."""
    # As objects first: numpy would make a number of "7", and an array of millions of long texts of one long text.
    array = np.array(data, dtype=object)
    cells = array.reshape(-1)
    others = set(map(type, cells)) - {int, float}
    if list in others:
        raise BadTensor(f"{where} is ragged, or nested too deep: lists on one level differ in length or in kind")
    if others:
        wrong = next(each for each in cells if type(each) in others)
        raise BadTensor(f"{where} holds {shown(wrong)}; expected numbers only")
    return array.astype(np.float64)


def decoded_base64(text: str, where: str) -> bytes:
    """Raises BadTensor."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadTensor(f"{where} is no base64: {error}") from error
