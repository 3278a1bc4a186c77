"""A request for inference of the Open Inference Protocol, with Triton's extensions for binary data and classes."""

import re
from typing import Annotated, NamedTuple

from pydantic import Field

from api.wire.protocols.body import WithoutNulls, parsed
from api.wire.protocols.naming import input_name
from api.wire.protocols.outputs import RequestedOutput, check_outputs
from api.wire.protocols.samples import BadTensor, samples_of_images, samples_of_numbers
from api.wire.protocols.tensors import InputTensor
from models_store.models.serving_info import ServingInfo
from serving.session import Samples
from specs.problem import shown

HEADER_LENGTH = "Inference-Header-Content-Length"
_NUMBER = re.compile("[0-9]{1,12}")
_EXAMPLE = (
    '{"inputs": [{"name": "image", "shape": [1, 28, 28, 1], "datatype": "UINT8", "data": [0, 0, ...]}]}, '
    f"with {HEADER_LENGTH} where bytes follow it"
)


class RequestParameters(WithoutNulls):
    binary_data_output: bool = False


class InferenceRequest(WithoutNulls):
    """What it does not name, such as sequences and priorities, says nothing to a network without state or queue."""

    id: Annotated[str, Field(max_length=1000)] = ""
    parameters: RequestParameters = RequestParameters()
    inputs: Annotated[list[InputTensor], Field(min_length=1, max_length=16)]
    outputs: list[RequestedOutput] = Field(default_factory=list, max_length=16)


class Inference(NamedTuple):
    """`binary`: the bytes of the input, None where its data is in the JSON."""

    request: InferenceRequest
    binary: memoryview | None

    def samples(self, info: ServingInfo, max_pixels: int) -> Samples:
        tensor, name = self.request.inputs[0], input_name(info)
        if tensor.name != name or len(self.request.inputs) > 1:
            sent = shown([each.name for each in self.request.inputs])
            raise BadTensor(f"received the inputs {sent}; the model of {info.dataset} has one input, `{name}`")
        values = tensor.values(self.binary)
        if isinstance(values, list):
            return samples_of_images(values, info, max_pixels)
        return samples_of_numbers(values, info)


def read_inference(body: bytes, header_length: str | None) -> Inference:
    """`header_length`: how many bytes of the body are the JSON, all of them if None. Raises BadTensor."""
    if header_length is None:
        end = len(body)
    elif _NUMBER.fullmatch(header_length) and int(header_length) <= len(body):
        end = int(header_length)
    else:
        raise BadTensor(f"{HEADER_LENGTH} is {header_length[:50]!r}; expected a number up to the body's {len(body):,}")
    request = parsed(InferenceRequest, memoryview(body)[:end], _EXAMPLE)
    check_outputs(request.outputs)
    return Inference(request, _binary(request, memoryview(body)[end:]))


def _binary(request: InferenceRequest, rest: memoryview) -> memoryview | None:
    stated = [each.parameters.binary_data_size for each in request.inputs]
    if sum(each or 0 for each in stated) != len(rest):
        raise BadTensor(
            f"{len(rest):,} bytes follow the JSON, where the parameters `binary_data_size` and the header "
            f"{HEADER_LENGTH} make it {sum(each or 0 for each in stated):,}"
        )
    return None if stated[0] is None else rest[: stated[0]]
