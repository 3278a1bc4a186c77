"""TensorFlow Serving's REST API, and the routes that KServe's clients of protocol v1 use beyond it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api import content, request_bodies
from api.access import PREDICT
from api.dependencies import RegistryDep, ServicesDep
from api.inference import get_model, infer
from api.wire import tensorflow_serving as wire
from api.wire.inference import json_response
from api.wire.parameters import Scale
from serving.model_names import ModelName

router = APIRouter(tags=["TensorFlow Serving"], responses=content.PROTOCOL_PROBLEMS, dependencies=[PREDICT])
_MODEL = "/v1/models/{model}"
# Paths with a version are left out of the OpenAPI document: they would say the same three times.
_VERSIONS = "/v1/models/{model}/versions/{number}"
_LABELS = "/v1/models/{model}/labels/{version}"


async def get_model_name(request: Request, model: str) -> ModelName:
    """`model` is a dataset. A version is the millisecond in which an experiment was posted, a label its id; only some
    of the paths have them."""
    return ModelName(model, request.path_params.get("version"), request.path_params.get("number"))


ModelNameDep = Annotated[ModelName, Depends(get_model_name)]


@router.get("/v1/models")
async def list_model_names(registry: RegistryDep) -> wire.ModelNames:
    """List the datasets that a model serves. KServe adds this route to TensorFlow Serving's."""
    return wire.ModelNames(models=list(registry.serving()))


@router.get(_MODEL)
@router.get(_VERSIONS, include_in_schema=False)
@router.get(_LABELS, include_in_schema=False)
async def get_model_status(services: ServicesDep, name: ModelNameDep) -> wire.ModelStatus:
    """Get the version of a model that answers. 404 for an unknown model, 503 where none is trained yet. `name` and
    `ready` are what KServe's clients read."""
    return wire.status_of(name.name, await get_model(services, name))


@router.get(f"{_MODEL}/metadata")
@router.get(f"{_VERSIONS}/metadata", include_in_schema=False)
@router.get(f"{_LABELS}/metadata", include_in_schema=False)
async def get_model_signature(services: ServicesDep, name: ModelNameDep) -> wire.SignedModel:
    """Get the inputs and outputs of a model, as TensorFlow describes signatures."""
    return wire.signature_of(name.name, await get_model(services, name))


@router.post(
    f"{_MODEL}:predict",
    response_model=wire.RowPredictions | wire.ColumnPredictions,
    openapi_extra=request_bodies.PREDICT_INSTANCES,
)
@router.post(f"{_VERSIONS}:predict", include_in_schema=False)
@router.post(f"{_LABELS}:predict", include_in_schema=False)
async def predict_instances(
    request: Request, services: ServicesDep, name: ModelNameDep, scale: Scale = None
) -> Response:
    """Get the probabilities of each sample: `{"instances": [...]}` is answered with `predictions`, `{"inputs": [...]}`
    with `outputs`. A sample is numbers in the network's shape, or flat, for images integers from 0 to 255 unless
    `scale` is given; or `{"b64": "<base64>"}` of a PNG, JPEG or WebP file, prepared as for `POST /predict`. The best
    model of the dataset answers unless `/versions/{number}` or `/labels/{id}` names an experiment.
    """
    inferred = await infer(request, services, name, wire.parse_predict, scale)
    member = "outputs" if inferred.body.instances is None else "predictions"
    return json_response({member: inferred.probabilities})


@router.post(f"{_MODEL}:classify", response_model=wire.Classifications, openapi_extra=request_bodies.CLASSIFY_EXAMPLES)
@router.post(f"{_VERSIONS}:classify", include_in_schema=False)
@router.post(f"{_LABELS}:classify", include_in_schema=False)
async def classify_examples(
    request: Request, services: ServicesDep, name: ModelNameDep, scale: Scale = None
) -> Response:
    """Get the probability of each class of each sample, beside its label, in the model's own order. An example has the
    model's one input as its one feature: a flat list of numbers, or `{"b64": "<base64>"}` of an image file."""
    inferred = await infer(request, services, name, wire.parse_classify, scale)
    labels = inferred.model.info.labels
    return json_response({"result": [list(zip(labels, row, strict=True)) for row in inferred.probabilities.tolist()]})
