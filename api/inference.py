"""From the body of a request to probabilities: the steps that the routes of other servers' protocols share."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from anyio import to_thread
from fastapi import Request

from api.dependencies import Services
from api.wire.body import receive_body
from api.wire.inference import InferenceBody, Inferred
from api.wire.json_body import content_encoding, decompress
from api.wire.predict import MAX_BODY_BYTES
from serving.model_names import ModelName, find_model
from serving.served_model import ServedModel
from serving.session import Samples

B = TypeVar("B", bound=InferenceBody)
R = TypeVar("R")


async def infer(
    request: Request, services: Services, wanted: ModelName, parse: Callable[[bytes], B], scale: float | None
) -> Inferred[B]:
    """Receive the body, prepare its samples, ask the model; counted, timed and bounded as `POST /predict` is. `scale`
    as in `samples_of_numbers`.

    Raises what `parse`, `InferenceBody.samples` and `find_model` raise, Overloaded, HTTPException 413.
    """
    with services.metrics.counted_prediction() as counted, services.admission.admit() as admission:
        data = await receive_body(request.scope, request.receive, MAX_BODY_BYTES, admission)
        encoding = content_encoding(request)
        prepare = partial(_prepare, services, data, encoding, wanted, parse, scale)
        body, model, samples = await _in_thread(services, prepare)
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


async def _in_thread(services: Services, call: Callable[[], R]) -> R:
    """In one of the threads reserved for predictions."""
    return await to_thread.run_sync(call, limiter=services.preparing)


def _prepare(
    services: Services,
    data: bytes,
    encoding: str,
    wanted: ModelName,
    parse: Callable[[bytes], B],
    scale: float | None,
) -> tuple[B, ServedModel, Samples]:
    body = parse(decompress(data, encoding))
    model = find_model(wanted, services.registry, services.store.experiments)
    return body, model, body.samples(model.info, services.settings.max_image_pixels, scale)
