"""The one output of every model, its probabilities: as numbers or as classes, in JSON or in bytes."""

from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from api.wire.json_body import WithoutNulls
from api.wire.open_inference.tensors import FILES, join_elements
from serving.errors import BadTensor
from serving.model_names import OUTPUT_NAME
from specs.problem import format_value


class OutputParameters(WithoutNulls):
    """`classification`: name that many classes instead of listing all probabilities; 0 to list them."""

    binary_data: bool | None = None
    classification: Annotated[int, Field(strict=True, ge=0)] = 0
    shared_memory_region: str | None = None


class RequestedOutput(WithoutNulls):
    name: str
    parameters: OutputParameters = OutputParameters()


class Output(NamedTuple):
    """`tensor` as in the JSON of the answer, an OutputTensor, and the bytes that follow the JSON, or None."""

    tensor: dict[str, object]
    binary: bytes | None


def check_outputs(requested: list[RequestedOutput]) -> None:
    """Raises BadTensor for an output that models do not have."""
    if len(requested) > 1 or any(each.name != OUTPUT_NAME for each in requested):
        sent = format_value([each.name for each in requested])
        raise BadTensor(f"the outputs {sent} were asked for; every model has one output, `{OUTPUT_NAME}`")
    if any(each.parameters.shared_memory_region is not None for each in requested):
        raise BadTensor("shared memory is not supported; take the output from the answer")


def encode_output(
    probabilities: NDArray[np.float32], labels: tuple[str, ...], classification: int, binary: bool
) -> Output:
    """`probabilities`: (n, classes); or with `classification` the texts (n, classification)."""
    if classification:
        return _encode_texts(_classes(probabilities, labels, classification), binary)
    shape, flat = list(probabilities.shape), np.ascontiguousarray(probabilities, "<f4").reshape(-1)
    return _output("FP32", shape, flat, flat.tobytes() if binary else None)


def _classes(probabilities: NDArray[np.float32], labels: tuple[str, ...], count: int) -> list[list[str]]:
    """As Triton writes them: `0.981000:4:four`, the most probable first."""
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :count]
    return [
        [f"{row[index]:f}:{index}:{labels[index]}" for index in best]
        for row, best in zip(probabilities.tolist(), order.tolist(), strict=True)
    ]


def _encode_texts(rows: list[list[str]], binary: bool) -> Output:
    flat = [text for row in rows for text in row]
    joined = join_elements([text.encode() for text in flat]) if binary else None
    return _output(FILES, [len(rows), len(rows[0])], flat, joined)


def _output(datatype: str, shape: list[int], data: NDArray[np.float32] | list[str], binary: bytes | None) -> Output:
    content: dict[str, object] = {"data": data} if binary is None else {"parameters": {"binary_data_size": len(binary)}}
    return Output({"name": OUTPUT_NAME, "datatype": datatype, "shape": shape, **content}, binary)
