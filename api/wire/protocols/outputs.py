"""The one output of every model, its probabilities, in the forms in which the Open Inference Protocol gives it."""

from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from api.wire.protocols.body import WithoutNulls
from api.wire.protocols.naming import OUTPUT_NAME
from api.wire.protocols.samples import BadTensor
from api.wire.protocols.tensors import FILES, joined_elements
from specs.problem import shown


class OutputParameters(WithoutNulls):
    """`classification`: name so many classes instead of giving all probabilities; 0 for not."""

    binary_data: bool | None = None
    classification: Annotated[int, Field(strict=True, ge=0)] = 0
    shared_memory_region: str | None = None


class RequestedOutput(WithoutNulls):
    name: str
    parameters: OutputParameters = OutputParameters()


class Output(NamedTuple):
    """`tensor` as it stands in the answer's JSON, and the bytes that follow the JSON, or None."""

    tensor: dict[str, Any]
    binary: bytes | None


def check_outputs(requested: list[RequestedOutput]) -> None:
    """Raises BadTensor for what no model here gives."""
    if len(requested) > 1 or any(each.name != OUTPUT_NAME for each in requested):
        sent = shown([each.name for each in requested])
        raise BadTensor(f"the outputs {sent} were asked for; every model has one output, `{OUTPUT_NAME}`")
    if any(each.parameters.shared_memory_region is not None for each in requested):
        raise BadTensor("shared memory is not written here; take the output from the answer")


def output(
    probabilities: NDArray[np.float32], labels: tuple[str, ...], asked: OutputParameters, binary: bool
) -> Output:
    """`probabilities`: (n, classes), in `binary` or in JSON."""
    if asked.classification:
        return _texts(_classes(probabilities, labels, asked.classification), binary)
    shape, flat = list(probabilities.shape), np.ascontiguousarray(probabilities, "<f4").reshape(-1)
    return _output("FP32", shape, flat, flat.tobytes() if binary else None)


def _classes(probabilities: NDArray[np.float32], labels: tuple[str, ...], count: int) -> list[list[str]]:
    """As Triton writes them: `0.981000:4:four`, the most probable first."""
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :count]
    return [
        [f"{row[index]:f}:{index}:{labels[index]}" for index in best]
        for row, best in zip(probabilities.tolist(), order.tolist(), strict=True)
    ]


def _texts(rows: list[list[str]], binary: bool) -> Output:
    flat = [text for row in rows for text in row]
    joined = joined_elements([text.encode() for text in flat]) if binary else None
    return _output(FILES, [len(rows), len(rows[0])], flat, joined)


def _output(datatype: str, shape: list[int], data: NDArray[np.float32] | list[str], binary: bytes | None) -> Output:
    tensor: dict[str, Any] = {"name": OUTPUT_NAME, "datatype": datatype, "shape": shape}
    content = {"data": data} if binary is None else {"parameters": {"binary_data_size": len(binary)}}
    return Output({**tensor, **content}, binary)
