"""Inference requests, with Triton's extensions for binary data and classes."""

import re
from typing import Annotated, NamedTuple

from pydantic import Field

from api.wire.json_body import WithoutNulls, parse_json
from api.wire.open_inference.outputs import OutputParameters, RequestedOutput, check_outputs
from api.wire.open_inference.tensors import InputTensor
from models_store.models.serving_info import ServingInfo
from serving.errors import BadTensor
from serving.model_names import input_name
from serving.sample_arrays import ImageFile, check_images, samples_of_numbers
from serving.session import Samples
from specs.problem import format_value

HEADER_LENGTH = "Inference-Header-Content-Length"
_NUMBER = re.compile("[0-9]{1,12}")
_EXAMPLE = (
    '{"inputs": [{"name": "image", "shape": [1, 28, 28, 1], "datatype": "UINT8", "data": [0, 0, ...]}]}, '
    f"with {HEADER_LENGTH} where binary data follows it"
)


class RequestParameters(WithoutNulls):
    """`binary_data_output`: whether outputs follow the JSON of the answer as bytes, unless an output sets it."""

    binary_data_output: bool = False


class InferenceRequest(WithoutNulls):
    """Members that are not listed, such as sequences and priorities, are ignored: the networks are stateless."""

    id: Annotated[str, Field(max_length=1000)] = ""
    parameters: RequestParameters = RequestParameters()
    inputs: Annotated[list[InputTensor], Field(min_length=1, max_length=16)]
    outputs: list[RequestedOutput] = Field(default_factory=list, max_length=16)


class Inference(NamedTuple):
    """`binary`: the bytes of the input, None where its data is in the JSON."""

    request: InferenceRequest
    binary: memoryview | None

    def samples(self, info: ServingInfo, scale: float | None = None) -> Samples | list[ImageFile]:
        tensor, name = self.request.inputs[0], input_name(info)
        if tensor.name != name or len(self.request.inputs) > 1:
            sent = format_value([each.name for each in self.request.inputs])
            raise BadTensor(f"received the inputs {sent}; the model of {info.dataset} has one input, `{name}`")
        values = tensor.values(self.binary)
        if isinstance(values, list):
            return check_images(values, info, scale)
        return samples_of_numbers(values, info, scale)

    @property
    def output(self) -> OutputParameters:
        return self.request.outputs[0].parameters if self.request.outputs else OutputParameters()

    @property
    def wants_binary(self) -> bool:
        """Whether the output is to follow the JSON of the answer as bytes."""
        asked = self.output.binary_data
        return self.request.parameters.binary_data_output if asked is None else asked


def parse_inference(body: bytes, header_length: str | None) -> Inference:
    """`header_length`: how many bytes of the body are the JSON, all of them if None. Raises BadTensor."""
    if header_length is None:
        end = len(body)
    elif _NUMBER.fullmatch(header_length) and int(header_length) <= len(body):
        end = int(header_length)
    else:
        raise BadTensor(f"{HEADER_LENGTH} is {header_length[:50]!r}; expected a number up to the body's {len(body):,}")
    request = parse_json(InferenceRequest, memoryview(body)[:end], _EXAMPLE)
    check_outputs(request.outputs)
    return Inference(request, _binary(request, memoryview(body)[end:]))


def _binary(request: InferenceRequest, rest: memoryview) -> memoryview | None:
    sizes = [each.parameters.binary_data_size for each in request.inputs]
    if sum(each or 0 for each in sizes) != len(rest):
        raise BadTensor(
            f"{len(rest):,} bytes follow the JSON, where the parameters `binary_data_size` and the header "
            f"{HEADER_LENGTH} make it {sum(each or 0 for each in sizes):,}"
        )
    return None if sizes[0] is None else rest[: sizes[0]]
