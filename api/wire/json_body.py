"""JSON request bodies of other servers' protocols: parsing, numbers, base64."""

from typing import Any, TypeVar

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError, model_validator

from api.wire.base64_text import NotBase64, decode_base64
from serving.errors import BadTensor
from specs.problem import format_value, pointer_of, shorten

Model = TypeVar("Model", bound=BaseModel)


class WithoutNulls(BaseModel):
    """A JSON object whose null members count as absent, as some clients write them."""

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, sent: Any) -> Any:
        return {name: value for name, value in sent.items() if value is not None} if isinstance(sent, dict) else sent


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
        place = f"{pointer_of(first['loc'])}: " if first["loc"] else ""
        expected = shorten(first["msg"].removeprefix("Value error, "))
        raise BadTensor(f"{place}{expected}, received {format_value(first.get('input'))}") from error


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
