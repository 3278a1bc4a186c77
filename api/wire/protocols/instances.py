"""The bodies of TensorFlow Serving's requests."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, model_validator

from api.wire.protocols.body import decoded_base64, numbers, parsed
from api.wire.protocols.naming import input_name
from api.wire.protocols.samples import BadTensor, samples_of_images, samples_of_numbers
from models_store.models.serving_info import ServingInfo
from serving.session import Samples
from specs.problem import shown

SIGNATURE: Final = "serving_default"
_B64 = "b64"

_Rows = Annotated[list[Any], Field(min_length=1)]


class Predict(BaseModel):
    """`{"instances": [...]}`, one value for each sample, or `{"inputs": [...]}`, which is answered in columns. A value
    is nested numbers, or `{"b64": "<base64>"}` of an image file; under the input's name or not."""

    signature_name: Literal["serving_default", ""] = SIGNATURE
    instances: _Rows | None = None
    inputs: _Rows | dict[str, Any] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "Predict":
        if (self.instances is None) == (self.inputs is None):
            raise ValueError('expected either "instances" or "inputs"')
        return self

    def samples(self, info: ServingInfo, max_pixels: int) -> Samples:
        name = input_name(info)
        if self.instances is not None:
            values = [_named(value, name, f"instances/{index}") for index, value in enumerate(self.instances)]
            return _samples(values, "instances", info, max_pixels)
        values = _named(self.inputs, name, "inputs")
        if not isinstance(values, list):
            raise BadTensor(f"inputs is {shown(values)}; expected a list with one value for each sample")
        return _samples(values, "inputs", info, max_pixels)


class Classify(BaseModel):
    """`{"examples": [{"<input>": value}, ...]}`; what all examples have in common may stand in `context` instead."""

    signature_name: Literal["serving_default", ""] = SIGNATURE
    context: dict[str, Any] = Field(default_factory=dict)
    examples: Annotated[list[dict[str, Any]], Field(min_length=1)]

    def samples(self, info: ServingInfo, max_pixels: int) -> Samples:
        examples = [{**self.context, **example} for example in self.examples]
        name = input_name(info)
        values = [_named(example, name, f"examples/{index}") for index, example in enumerate(examples)]
        return _samples(values, "examples", info, max_pixels)


read_predict = partial(parsed, Predict, example='{"instances": [{"b64": "<base64 of an image>"}]}')
read_classify = partial(parsed, Classify, example='{"examples": [{"image": {"b64": "<base64 of an image>"}}]}')


def _named(value: Any, name: str, where: str) -> Any:
    """What stands under the input's name, or the value itself where it is under no name."""
    if not isinstance(value, dict) or set(value) == {_B64}:
        return value
    if set(value) != {name}:
        raise BadTensor(f"{where} has the members {shown(sorted(value))}; the model's one input is `{name}`")
    return value[name]


def _samples(values: Sequence[Any], where: str, info: ServingInfo, max_pixels: int) -> Samples:
    if not isinstance(values[0] if values else None, dict):
        return samples_of_numbers(numbers(list(values), where), info)
    return samples_of_images([_image(each, f"{where}/{n}") for n, each in enumerate(values)], info, max_pixels)


def _image(value: Any, where: str) -> bytes:
    if not (isinstance(value, dict) and set(value) == {_B64} and isinstance(value[_B64], str)):
        raise BadTensor(f'{where} is {shown(value)}; expected {{"b64": "<base64>"}}, as the first one')
    return decoded_base64(value[_B64], where)
