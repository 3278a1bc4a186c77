"""The Open Inference Protocol v2, as KServe and Triton speak it."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response

from api import content, inference, request_bodies
from api.access import ANYBODY, PREDICT
from api.dependencies import RegistryDep, ServicesDep
from api.wire.open_inference import answers
from api.wire.open_inference.requests import HEADER_LENGTH, parse_inference
from api.wire.parameters import Scale
from serving.model_names import ModelName

router = APIRouter(prefix="/v2", tags=["Open Inference Protocol v2"], responses=content.PROTOCOL_PROBLEMS)
# Paths with a version are left out of the OpenAPI document: they would say the same twice.
_MODEL, _VERSION = "/models/{model}", "/models/{model}/versions/{version}"


async def get_model_name(request: Request, model: str) -> ModelName:
    """`model` is a dataset. The version is an experiment's id; only some of the paths have it."""
    return ModelName(model, request.path_params.get("version"))


ModelNameDep = Annotated[ModelName, Depends(get_model_name)]
HeaderLength = Annotated[
    str | None, Header(alias=HEADER_LENGTH, description="bytes of JSON, where tensors follow it as bytes")
]


@router.get("", dependencies=[PREDICT])
async def get_server_metadata() -> answers.ServerMetadata:
    """Get the name and version of the server, and the Triton extensions that it supports."""
    return answers.ServerMetadata()


@router.get("/health/live", dependencies=[ANYBODY])
async def check_server_liveness() -> answers.ServerLive:
    """Liveness probe."""
    return answers.ServerLive()


@router.get("/health/ready", dependencies=[ANYBODY])
async def check_server_readiness(services: ServicesDep, registry: RegistryDep) -> answers.ServerReady:
    """Readiness probe. 503 only while no model is loaded and none can be looked up: a loaded model answers without
    Redis."""
    if not registry.serving():
        await inference.check_view(services)
    return answers.ServerReady()


@router.post("/repository/index", dependencies=[PREDICT])
async def get_repository_index(registry: RegistryDep) -> list[answers.RepositoryModel]:
    """List the models that serve, each with its experiment as the version."""
    return [answers.RepositoryModel(name=name, version=record.id) for name, record in registry.serving().items()]


@router.get(_MODEL, dependencies=[PREDICT])
@router.get(_VERSION, include_in_schema=False, dependencies=[PREDICT])
async def get_model_metadata(services: ServicesDep, name: ModelNameDep) -> answers.ModelMetadata:
    """Get the inputs and outputs of a model. Its name is the dataset, its version the experiment; the best one answers
    unless `/versions/{id}` names another."""
    return answers.metadata_of(name.name, await inference.get_model(services, name))


@router.get(f"{_MODEL}/ready", dependencies=[PREDICT])
@router.get(f"{_VERSION}/ready", include_in_schema=False, dependencies=[PREDICT])
async def check_model_readiness(services: ServicesDep, name: ModelNameDep) -> answers.ModelReady:
    """Check that a model answers: 404 or 503 otherwise."""
    await inference.get_model(services, name)
    return answers.ModelReady(name=name.name)


@router.get(f"{_MODEL}/config", dependencies=[PREDICT])
@router.get(f"{_VERSION}/config", include_in_schema=False, dependencies=[PREDICT])
async def get_model_config(services: ServicesDep, name: ModelNameDep) -> answers.ModelConfig:
    """Get the inputs and outputs as Triton's model configuration; shapes are without the batch."""
    return answers.config_of(name.name, await inference.get_model(services, name))


@router.post(
    f"{_MODEL}/infer",
    response_model=answers.InferenceResponse,
    responses=content.binary(content.OCTETS),
    openapi_extra=request_bodies.INFER,
    dependencies=[PREDICT],
)
@router.post(f"{_VERSION}/infer", include_in_schema=False, dependencies=[PREDICT])
async def infer(
    request: Request,
    services: ServicesDep,
    name: ModelNameDep,
    header_length: HeaderLength = None,
    scale: Scale = None,
) -> Response:
    """Get the probabilities of each sample. The input is an array of numbers, for images integers from 0 to 255 unless
    `scale` is given, of any datatype but BOOL; or datatype BYTES: PNG, JPEG or WebP files, prepared as for
    `POST /predict`, which in JSON are base64. Tensors may follow the JSON as bytes, in the request and in the answer.
    With the output's parameter `classification: k` it is texts `probability:index:label` of the k most probable classes
    instead.
    """
    parse = partial(parse_inference, header_length=header_length)
    return answers.respond(name.name, await inference.infer(request, services, name, parse, scale))
