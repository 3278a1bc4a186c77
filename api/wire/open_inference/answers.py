"""Answers of the Open Inference Protocol."""

from typing import Literal

from fastapi import Response
from pydantic import Field

from api.schemas.answer import Answer, is_none
from api.wire.inference import Inferred, dump_json
from api.wire.open_inference.outputs import encode_output
from api.wire.open_inference.requests import HEADER_LENGTH, Inference
from serving.model_names import OUTPUT_NAME, input_name
from serving.sample_arrays import MAX_SAMPLES
from serving.served_model import ServedModel
from settings import VERSION

_PLATFORM = "onnxruntime_onnx"


class ServerMetadata(Answer):
    """`extensions` are those of Triton that the server supports."""

    name: str = "trainyard"
    version: str = VERSION
    extensions: tuple[str, ...] = ("binary_tensor_data", "classification", "model_configuration")


class ServerLive(Answer):
    live: bool = True


class ServerReady(ServerLive):
    ready: bool = True


class RepositoryModel(Answer):
    name: str
    version: str
    state: Literal["READY"] = "READY"
    reason: str = ""


class TensorMetadata(Answer):
    """The first size of `shape` is -1, the batch."""

    name: str
    datatype: str
    shape: list[int]


class ModelMetadata(Answer):
    name: str
    versions: list[str]
    platform: str = _PLATFORM
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class ModelReady(Answer):
    name: str
    ready: bool = True


class ConfiguredTensor(Answer):
    """`dims` are without the batch."""

    name: str
    data_type: str
    dims: list[int]


class ModelConfig(Answer):
    name: str
    platform: str = _PLATFORM
    backend: str = "onnxruntime"
    max_batch_size: int = MAX_SAMPLES
    input: list[ConfiguredTensor]
    output: list[ConfiguredTensor]


class BinaryParameters(Answer):
    """How many of the bytes behind the JSON are this tensor's."""

    binary_data_size: int


class OutputTensor(Answer):
    """Numbers, or with `classification` texts `probability:index:label`; flat, row by row. Without `data` they follow
    the JSON as bytes."""

    name: str
    datatype: Literal["FP32", "BYTES"]
    shape: list[int]
    data: list[float] | list[str] | None = Field(default=None, exclude_if=is_none)
    parameters: BinaryParameters | None = Field(default=None, exclude_if=is_none)


class InferenceResponse(Answer):
    """`id` is that of the request, if it had one. `model_version` is the experiment that answered."""

    id: str | None = Field(default=None, exclude_if=is_none)
    model_name: str
    model_version: str
    outputs: list[OutputTensor]


def metadata_of(name: str, model: ServedModel) -> ModelMetadata:
    return ModelMetadata(
        name=name,
        versions=[model.id],
        inputs=[TensorMetadata(name=input_name(model.info), datatype=_datatype(model), shape=_shape(model))],
        outputs=[TensorMetadata(name=OUTPUT_NAME, datatype="FP32", shape=[-1, len(model.info.labels)])],
    )


def config_of(name: str, model: ServedModel) -> ModelConfig:
    datatype = f"TYPE_{_datatype(model)}"
    return ModelConfig(
        name=name,
        input=[ConfiguredTensor(name=input_name(model.info), data_type=datatype, dims=_shape(model)[1:])],
        output=[ConfiguredTensor(name=OUTPUT_NAME, data_type="TYPE_FP32", dims=[len(model.info.labels)])],
    )


def respond(name: str, inferred: Inferred[Inference]) -> Response:
    """An InferenceResponse; as octets where the output follows the JSON as bytes."""
    sent, labels = inferred.body, inferred.model.info.labels
    output = encode_output(inferred.probabilities, labels, sent.output.classification, sent.wants_binary)
    named = {"id": sent.request.id} if sent.request.id else {}
    text = dump_json({**named, "model_name": name, "model_version": inferred.model.id, "outputs": [output.tensor]})
    if output.binary is None:
        return Response(text, media_type="application/json")
    headers = {HEADER_LENGTH: str(len(text))}
    return Response(text + output.binary, headers=headers, media_type="application/octet-stream")


def _datatype(model: ServedModel) -> str:
    return "UINT8" if model.info.takes_images else "FP32"


def _shape(model: ServedModel) -> list[int]:
    return [-1, *model.info.image_shape]
