"""TensorFlow Serving's REST API, and what KServe's clients of its first protocol ask beyond it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api.dependencies import RegistryDep
from api.wire.protocols import examples
from api.wire.protocols.answering import answered, dumped, model_of
from api.wire.protocols.instances import SIGNATURE, read_classify, read_predict
from api.wire.protocols.naming import OUTPUT_NAME, Wanted, input_name, version_number
from serving.served_model import ServedModel

router = APIRouter(tags=["TensorFlow Serving"], responses=examples.ERRORS)
_MODEL = "/v1/models/{model}"
# Paths with a version are left out of the OpenAPI document: they say the same three times.
_VERSIONS = "/v1/models/{model}/versions/{number}"
_LABELS = "/v1/models/{model}/labels/{version}"


async def get_wanted(request: Request, model: str) -> Wanted:
    """`model` is a dataset. A version is the millisecond in which an experiment was posted, a label its id; each is in
    some of the paths only."""
    return Wanted(model, request.path_params.get("version"), request.path_params.get("number"))


WantedDep = Annotated[Wanted, Depends(get_wanted)]


@router.get("/", responses=examples.ALIVE)
async def get_alive() -> dict[str, str]:
    """This process answers: what KServe's clients of the first protocol ask."""
    return {"status": "alive"}


@router.get("/v1/models", responses=examples.MODEL_NAMES)
async def list_model_names(registry: RegistryDep) -> dict[str, list[str]]:
    """The datasets that models serve: what KServe adds to TensorFlow Serving."""
    return {"models": list(registry.serving())}


@router.get(_MODEL, responses=examples.MODEL_STATUS)
@router.get(_VERSIONS, include_in_schema=False)
@router.get(_LABELS, include_in_schema=False)
async def get_model_status(request: Request, wanted: WantedDep) -> dict[str, Any]:
    """The version of a model that answers: 404 if there is no such model, 503 if there is none yet. `name` and `ready`
    are what KServe's clients read."""
    model = await model_of(request, wanted)
    status = {"error_code": "OK", "error_message": ""}
    version = {"version": str(version_number(model.id)), "state": "AVAILABLE", "status": status}
    return {"model_version_status": [version], "name": wanted.name, "ready": True}


@router.get(f"{_MODEL}/metadata", responses=examples.MODEL_METADATA)
@router.get(f"{_VERSIONS}/metadata", include_in_schema=False)
@router.get(f"{_LABELS}/metadata", include_in_schema=False)
async def get_model_metadata(request: Request, wanted: WantedDep) -> dict[str, Any]:
    """The inputs and outputs of a model, as TensorFlow describes signatures."""
    model = await model_of(request, wanted)
    signature = {
        "inputs": {input_name(model.info): _input(model)},
        "outputs": {OUTPUT_NAME: _tensor(OUTPUT_NAME, "DT_FLOAT", [-1, len(model.info.labels)])},
        "method_name": "tensorflow/serving/predict",
    }
    return {
        "model_spec": {"name": wanted.name, "signature_name": "", "version": str(version_number(model.id))},
        "metadata": {
            "signature_def": {
                "@type": "type.googleapis.com/tensorflow.serving.SignatureDefMap",
                "signature_def": {SIGNATURE: signature},
            }
        },
    }


@router.post(f"{_MODEL}:predict", responses=examples.PREDICTED, openapi_extra=examples.PREDICT)
@router.post(f"{_VERSIONS}:predict", include_in_schema=False)
@router.post(f"{_LABELS}:predict", include_in_schema=False)
async def predict(request: Request, wanted: WantedDep) -> Response:
    """The probabilities of each sample: `{"instances": [...]}` is answered with `predictions`, `{"inputs": [...]}` with
    `outputs`. A sample is numbers in the network's shape, or flat, for images whole ones from 0 to 255; or
    `{"b64": "<base64>"}` of a PNG, JPEG or WebP file, prepared as for `POST /predict`. The best model of the dataset
    answers unless `/versions/{number}` or `/labels/{id}` names an experiment.
    """
    found = await answered(request, wanted, read_predict)
    member = "outputs" if found.question.instances is None else "predictions"
    return _json({member: found.probabilities})


@router.post(f"{_MODEL}:classify", responses=examples.CLASSIFIED, openapi_extra=examples.CLASSIFY)
@router.post(f"{_VERSIONS}:classify", include_in_schema=False)
@router.post(f"{_LABELS}:classify", include_in_schema=False)
async def classify(request: Request, wanted: WantedDep) -> Response:
    """The probability of each class of each sample, beside its label, in the model's own order. An example has the
    model's one input as its one feature: a flat list of numbers, or `{"b64": "<base64>"}` of an image file."""
    found = await answered(request, wanted, read_classify)
    labels = found.model.info.labels
    return _json({"result": [list(zip(labels, row, strict=True)) for row in found.probabilities.tolist()]})


def _json(document: dict[str, Any]) -> Response:
    return Response(dumped(document), media_type="application/json")


def _input(model: ServedModel) -> dict[str, Any]:
    datatype = "DT_UINT8" if model.info.takes_images else "DT_FLOAT"
    return _tensor(input_name(model.info), datatype, [-1, *model.info.image_shape])


def _tensor(name: str, datatype: str, shape: list[int]) -> dict[str, Any]:
    sizes = [{"size": str(size), "name": ""} for size in shape]
    return {
        "dtype": datatype,
        "tensor_shape": {"dim": sizes, "unknown_rank": False},
        "name": f"{SIGNATURE}_{name}:0",
    }
