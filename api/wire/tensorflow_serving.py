"""TensorFlow Serving's REST format: bodies of `:predict` and `:classify`, and the answers."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.schemas.answer import Answer
from api.wire.json_body import decode_file, parse_json, parse_numbers
from models_store.models.serving_info import ServingInfo
from serving.errors import BadTensor
from serving.model_names import OUTPUT_NAME, input_name, version_number
from serving.sample_arrays import ImageFile, check_images, samples_of_numbers
from serving.served_model import ServedModel
from serving.session import Samples
from specs.problem import format_value

SIGNATURE: Final = "serving_default"
_B64 = "b64"
_PREDICT_EXAMPLE: Final = '{"instances": [{"b64": "<base64 of an image>"}]}'
_CLASSIFY_EXAMPLE: Final = '{"examples": [{"image": {"b64": "<base64 of an image>"}}]}'

_Rows = Annotated[list[Any], Field(min_length=1)]
_Probabilities = list[list[float]]


class PredictRequest(BaseModel):
    """`{"instances": [...]}`, one value for each sample, or `{"inputs": [...]}`, which is answered in columns. A value
    is nested numbers, or `{"b64": "<base64>"}` of an image file; under the input's name or not."""

    signature_name: Literal["serving_default", ""] = SIGNATURE
    instances: _Rows | None = None
    inputs: _Rows | dict[str, Any] | None = None

    @model_validator(mode="after")
    def _check_either(self) -> Self:
        if (self.instances is None) == (self.inputs is None):
            raise ValueError('expected either "instances" or "inputs"')
        return self

    def samples(self, info: ServingInfo, scale: float | None = None) -> Samples | list[ImageFile]:
        name = input_name(info)
        if self.instances is not None:
            values = [_unwrap(value, name, f"instances/{index}") for index, value in enumerate(self.instances)]
            return _samples(values, "instances", info, scale)
        values = _unwrap(self.inputs, name, "inputs")
        if not isinstance(values, list):
            raise BadTensor(f"inputs is {format_value(values)}; expected a list with one value for each sample")
        return _samples(values, "inputs", info, scale)


class ClassifyRequest(BaseModel):
    """`{"examples": [{"<input>": value}, ...]}`; members that all examples share may be in `context` instead."""

    signature_name: Literal["serving_default", ""] = SIGNATURE
    context: dict[str, Any] = Field(default_factory=dict)
    examples: Annotated[list[dict[str, Any]], Field(min_length=1)]

    def samples(self, info: ServingInfo, scale: float | None = None) -> Samples | list[ImageFile]:
        examples = [{**self.context, **example} for example in self.examples]
        name = input_name(info)
        values = [_unwrap(example, name, f"examples/{index}") for index, example in enumerate(examples)]
        return _samples(values, "examples", info, scale)


parse_predict = partial(parse_json, PredictRequest, example=_PREDICT_EXAMPLE)
parse_classify = partial(parse_json, ClassifyRequest, example=_CLASSIFY_EXAMPLE)


class RowPredictions(Answer):
    """The answer to `instances`: for each sample the probability of each class, in the model's own order."""

    predictions: _Probabilities


class ColumnPredictions(Answer):
    """The answer to `inputs`: the same numbers as one tensor."""

    outputs: _Probabilities


class Classifications(Answer):
    """For each example the label and the probability of each class, in the model's own order."""

    result: list[list[tuple[str, float]]]


class ServerAlive(Answer):
    status: Literal["alive"] = "alive"


class ModelNames(Answer):
    models: list[str]


class VersionError(Answer):
    error_code: Literal["OK"] = "OK"
    error_message: str = ""


class ModelVersion(Answer):
    """`version` is the millisecond in which the experiment was posted."""

    version: str
    state: Literal["AVAILABLE"] = "AVAILABLE"
    status: VersionError = VersionError()


class ModelStatus(Answer):
    """TensorFlow Serving's status; `name` and `ready` are read by KServe's clients."""

    model_version_status: list[ModelVersion]
    name: str
    ready: bool = True


class Dimension(Answer):
    """`size` is -1 for the batch."""

    size: str
    name: str = ""


class TensorShape(Answer):
    dim: list[Dimension]
    unknown_rank: bool = False


class SignatureTensor(Answer):
    dtype: str
    tensor_shape: TensorShape
    name: str


class Signature(Answer):
    inputs: dict[str, SignatureTensor]
    outputs: dict[str, SignatureTensor]
    method_name: str = "tensorflow/serving/predict"


class Signatures(Answer):
    model_config = ConfigDict(serialize_by_alias=True, populate_by_name=True)

    type: Annotated[str, Field(alias="@type")] = "type.googleapis.com/tensorflow.serving.SignatureDefMap"
    signature_def: dict[str, Signature]


class SignatureMetadata(Answer):
    signature_def: Signatures


class ModelVersionName(Answer):
    name: str
    signature_name: str = ""
    version: str


class SignedModel(Answer):
    """The inputs and outputs of a model, as TensorFlow describes signatures."""

    model_spec: ModelVersionName
    metadata: SignatureMetadata


def status_of(name: str, model: ServedModel) -> ModelStatus:
    return ModelStatus(model_version_status=[ModelVersion(version=str(version_number(model.id)))], name=name)


def signature_of(name: str, model: ServedModel) -> SignedModel:
    input_, datatype = input_name(model.info), "DT_UINT8" if model.info.takes_images else "DT_FLOAT"
    signature = Signature(
        inputs={input_: _tensor(input_, datatype, [-1, *model.info.image_shape])},
        outputs={OUTPUT_NAME: _tensor(OUTPUT_NAME, "DT_FLOAT", [-1, len(model.info.labels)])},
    )
    return SignedModel(
        model_spec=ModelVersionName(name=name, version=str(version_number(model.id))),
        metadata=SignatureMetadata(signature_def=Signatures(signature_def={SIGNATURE: signature})),
    )


def _tensor(name: str, datatype: str, shape: list[int]) -> SignatureTensor:
    shape_ = TensorShape(dim=[Dimension(size=str(size)) for size in shape])
    return SignatureTensor(dtype=datatype, tensor_shape=shape_, name=f"{SIGNATURE}_{name}:0")


def _unwrap(value: Any, name: str, where: str) -> Any:
    """The value under the input's name, or `value` itself where it is under no name."""
    if not isinstance(value, dict) or set(value) == {_B64}:
        return value
    if set(value) != {name}:
        raise BadTensor(f"{where} has the members {format_value(sorted(value))}; the model's one input is `{name}`")
    return value[name]


def _samples(values: Sequence[Any], where: str, info: ServingInfo, scale: float | None) -> Samples | list[ImageFile]:
    if not isinstance(values[0] if values else None, dict):
        return samples_of_numbers(parse_numbers(list(values), where), info, scale)
    files = [_image(each, f"{where}/{n}") for n, each in enumerate(values)]
    return check_images(files, info, scale)


def _image(value: Any, where: str) -> bytes:
    if not (isinstance(value, dict) and set(value) == {_B64} and isinstance(value[_B64], str)):
        raise BadTensor(f'{where} is {format_value(value)}; expected {{"b64": "<base64>"}}, as in the first one')
    return decode_file(value[_B64], where)
