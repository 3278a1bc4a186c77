"""From the body of a request to probabilities: the steps that the routes of other servers' protocols share."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import numpy as np
from anyio import to_thread
from fastapi import Request

from api.access import owner_of
from api.dependencies import Services
from api.wire.body import receive_body
from api.wire.inference import InferenceBody, Inferred
from api.wire.predict import MAX_BODY_BYTES
from serving.model_names import ModelName, find_model
from serving.sample_arrays import ImageFile, prepare_image
from serving.served_model import ServedModel
from serving.session import Samples
from serving.slices import map_in_slices

B = TypeVar("B", bound=InferenceBody)
R = TypeVar("R")


async def infer(
    request: Request, services: Services, wanted: ModelName, parse: Callable[[bytes], B], scale: float | None
) -> Inferred[B]:
    """Receive the body, prepare its samples, ask the model; counted, timed and bounded as `POST /predict` is. `scale`
    as in `samples_of_numbers`.

    Raises what `parse`, `InferenceBody.samples`, `prepare_image` and `find_model` raise, Overloaded, QuotaReached, and
    the errors of `receive_body`.
    """
    owner = owner_of(request.scope)
    with services.metrics.counted_prediction() as counted, services.admission.admit(owner) as admission:
        data = await receive_body(request.scope, request.receive, MAX_BODY_BYTES, admission)
        read = partial(_read, services, data, wanted, parse, scale)
        body, model, sent = await _in_thread(services, read)
        counted.model = model
        if model.info.takes_images:
            admission.add_request(len(sent))
        services.store.quotas.count_predictions(owner, len(sent))
        samples = await _prepare(services, model, sent) if isinstance(sent, list) else sent
        probabilities = await services.batcher.probabilities(model, samples)
        services.store.traffic.count_predictions(model.id, probabilities.argmax(axis=1).tolist())
        return Inferred(body, model, probabilities)


async def get_model(services: Services, wanted: ModelName) -> ServedModel:
    """Raises what `find_model` raises."""
    return await _in_thread(services, partial(find_model, wanted, services.registry, services.store.experiments))


async def check_view(services: Services) -> None:
    """Raises Unavailable unless the live view answers."""
    await _in_thread(services, services.store.experiments.check_view)


async def _in_thread(services: Services, call: Callable[[], R]) -> R:
    """In one of the threads reserved for predictions."""
    return await to_thread.run_sync(call, limiter=services.preparing)


def _read(
    services: Services, data: bytes, wanted: ModelName, parse: Callable[[bytes], B], scale: float | None
) -> tuple[B, ServedModel, Samples | list[ImageFile]]:
    body = parse(data)
    model = find_model(wanted, services.registry, services.store.experiments)
    return body, model, body.samples(model.info, scale)


async def _prepare(services: Services, model: ServedModel, files: Sequence[ImageFile]) -> Samples:
    prepare = partial(prepare_image, info=model.info, max_pixels=services.settings.max_image_pixels)
    return np.stack(await map_in_slices(prepare, files, services.preparing))
