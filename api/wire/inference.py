"""From the body of a request to probabilities: the steps that other servers' protocols share."""

from collections.abc import Callable
from functools import partial
from typing import Generic, NamedTuple, Protocol, TypeVar

import numpy as np
import orjson
from anyio import to_thread
from fastapi import Request, Response
from numpy.typing import NDArray
from pydantic import BaseModel

from api.dependencies import Services
from api.wire.body import receive_body
from api.wire.json_body import content_encoding, decompress
from api.wire.predict import MAX_BODY_BYTES
from models_store.models.serving_info import ServingInfo
from serving.model_names import ModelName, find_model
from serving.served_model import ServedModel
from serving.session import Samples


class InferenceBody(Protocol):
    """A request's body, parsed."""

    def samples(self, info: ServingInfo, max_pixels: int) -> Samples:
        """(n, *info.image_shape), n at least 1. Raises BadTensor, ImageTooLarge."""
        ...


B = TypeVar("B", bound=InferenceBody)


class Inferred(NamedTuple, Generic[B]):
    """`probabilities`: (n, classes), float32, all by `model`."""

    body: B
    model: ServedModel
    probabilities: NDArray[np.float32]


async def infer(request: Request, services: Services, wanted: ModelName, parse: Callable[[bytes], B]) -> Inferred[B]:
    """Receive the body, prepare its samples, ask the model; counted, timed and bounded as `POST /predict` is.

    Raises what `parse`, `InferenceBody.samples` and `find_model` raise, Overloaded, HTTPException 413.
    """
    with services.metrics.counted_prediction() as counted, services.admission.admit() as admission:
        data = await receive_body(request.scope, request.receive, MAX_BODY_BYTES, admission)
        encoding = content_encoding(request)
        body, model, samples = await _in_thread(services, partial(_prepare, services, data, encoding, wanted, parse))
        counted.model = model.info.dataset
        if model.info.takes_images:
            admission.add_images(len(samples))
        return Inferred(body, model, await services.batcher.probabilities(model, samples))


async def get_model(services: Services, wanted: ModelName) -> ServedModel:
    """Raises what `find_model` raises."""
    return await _in_thread(services, partial(find_model, wanted, services.registry, services.store.experiments))


async def check_view(services: Services) -> None:
    """Raises Unavailable unless the live view answers."""
    await _in_thread(services, services.store.experiments.check_view)


def json_response(answer: dict[str, object]) -> Response:
    return Response(dump_json(answer), media_type="application/json")


def dump_json(answer: dict[str, object]) -> bytes:
    """JSON; models as objects, arrays as nested lists, each float32 as the shortest number that parses to it."""
    return orjson.dumps(answer, default=_dump_model, option=orjson.OPT_SERIALIZE_NUMPY)


def _dump_model(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(by_alias=True, exclude_none=True)
    raise TypeError


R = TypeVar("R")


async def _in_thread(services: Services, call: Callable[[], R]) -> R:
    """In one of the threads reserved for predictions."""
    return await to_thread.run_sync(call, limiter=services.preparing)


def _prepare(
    services: Services, data: bytes, encoding: str, wanted: ModelName, parse: Callable[[bytes], B]
) -> tuple[B, ServedModel, Samples]:
    body = parse(decompress(data, encoding))
    model = find_model(wanted, services.registry, services.store.experiments)
    return body, model, body.samples(model.info, services.settings.max_image_pixels)
