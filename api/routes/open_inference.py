"""The Open Inference Protocol v2, as KServe and Triton speak it."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api import __version__
from api.dependencies import RegistryDep
from api.wire.protocols import examples
from api.wire.protocols.answering import Answered, answered, dumped, in_thread, model_of
from api.wire.protocols.inference import HEADER_LENGTH, Inference, read_inference
from api.wire.protocols.naming import OUTPUT_NAME, Wanted, input_name
from api.wire.protocols.outputs import OutputParameters, output
from api.wire.protocols.samples import MAX_SAMPLES
from serving.served_model import ServedModel

router = APIRouter(prefix="/v2", tags=["Open Inference Protocol v2"], responses=examples.ERRORS)
_MODEL, _VERSION = "/models/{model}", "/models/{model}/versions/{version}"


async def get_wanted(request: Request, model: str) -> Wanted:
    """`model` is a dataset. The version, an experiment's id, is in some of the paths only."""
    return Wanted(model, request.path_params.get("version"))


WantedDep = Annotated[Wanted, Depends(get_wanted)]


@router.get("", responses=examples.SERVER)
async def get_server() -> dict[str, Any]:
    """The name of the server, and Triton's extensions that it speaks."""
    extensions = ["binary_tensor_data", "classification", "model_configuration"]
    return {"name": "trainyard", "version": __version__, "extensions": extensions}


@router.get("/health/live", responses=examples.LIVE)
async def get_server_live() -> dict[str, bool]:
    """This process answers."""
    return {"live": True}


@router.get("/health/ready", responses=examples.READY)
async def get_server_ready(request: Request, registry: RegistryDep) -> dict[str, bool]:
    """Models serve, or would if there were any: 503 only while none is loaded and none can be looked up. A model that
    is loaded answers without Redis."""
    if not registry.serving():
        await in_thread(request, request.app.state.store.experiments.check_view)
    return {"live": True, "ready": True}


@router.post("/repository/index", responses=examples.INDEX)
async def get_repository_index(registry: RegistryDep) -> list[dict[str, str]]:
    """The models that serve, each with the experiment that it is as its version."""
    return [
        {"name": dataset, "version": record.id, "state": "READY", "reason": ""}
        for dataset, record in registry.serving().items()
    ]


# Paths with a version are left out of the OpenAPI document: they say the same twice.
@router.get(_MODEL, responses=examples.MODEL)
@router.get(_VERSION, include_in_schema=False)
async def get_model(request: Request, wanted: WantedDep) -> dict[str, Any]:
    """The inputs and outputs of a model. Its name is the dataset, its version the experiment; the best one answers
    unless `/versions/{id}` names another."""
    model = await model_of(request, wanted)
    return {
        "name": wanted.name,
        "versions": [model.id],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": input_name(model.info), "datatype": _datatype(model), "shape": _shape(model)}],
        "outputs": [{"name": OUTPUT_NAME, "datatype": "FP32", "shape": [-1, len(model.info.labels)]}],
    }


@router.get(f"{_MODEL}/ready", responses=examples.MODEL_READY)
@router.get(f"{_VERSION}/ready", include_in_schema=False)
async def get_model_ready(request: Request, wanted: WantedDep) -> dict[str, Any]:
    """The model can be asked; 404 or 503 otherwise."""
    await model_of(request, wanted)
    return {"name": wanted.name, "ready": True}


@router.get(f"{_MODEL}/config", responses=examples.MODEL_CONFIG)
@router.get(f"{_VERSION}/config", include_in_schema=False)
async def get_model_config(request: Request, wanted: WantedDep) -> dict[str, Any]:
    """The same in the words of Triton's model configuration; shapes without the batch."""
    model = await model_of(request, wanted)
    return {
        "name": wanted.name,
        "platform": "onnxruntime_onnx",
        "backend": "onnxruntime",
        "max_batch_size": MAX_SAMPLES,
        "input": [{"name": input_name(model.info), "data_type": f"TYPE_{_datatype(model)}", "dims": _shape(model)[1:]}],
        "output": [{"name": OUTPUT_NAME, "data_type": "TYPE_FP32", "dims": [len(model.info.labels)]}],
    }


@router.post(f"{_MODEL}/infer", responses=examples.INFERENCE, openapi_extra=examples.INFER)
@router.post(f"{_VERSION}/infer", include_in_schema=False)
async def infer(request: Request, wanted: WantedDep) -> Response:
    """The probabilities of each sample. The input is an array of numbers, for images whole ones from 0 to 255, of
    any datatype but BOOL; or datatype BYTES: PNG, JPEG or WebP files, prepared as for `POST /predict`, which in JSON
    are base64. Tensors may follow the JSON as bytes, and so may the answer's. With the output's parameter
    `classification: k` it is texts `probability:index:label` of the k most probable classes instead.
    """
    header_length = request.headers.get(HEADER_LENGTH)
    return _answer(wanted, await answered(request, wanted, partial(read_inference, header_length=header_length)))


def _answer(wanted: Wanted, found: Answered[Inference]) -> Response:
    sent = found.question.request
    asked = sent.outputs[0].parameters if sent.outputs else OutputParameters()
    binary = sent.parameters.binary_data_output if asked.binary_data is None else asked.binary_data
    given = output(found.probabilities, found.model.info.labels, asked, binary)
    named = {"id": sent.id} if sent.id else {}
    document = {**named, "model_name": wanted.name, "model_version": found.model.id, "outputs": [given.tensor]}
    text = dumped(document)
    if given.binary is None:
        return Response(text, media_type="application/json")
    headers = {HEADER_LENGTH: str(len(text))}
    return Response(text + given.binary, headers=headers, media_type="application/octet-stream")


def _datatype(model: ServedModel) -> str:
    return "UINT8" if model.info.takes_images else "FP32"


def _shape(model: ServedModel) -> list[int]:
    return [-1, *model.info.image_shape]
