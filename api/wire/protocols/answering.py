"""From the body of a request to the probabilities that its answer is made of: the same for every protocol."""

from collections.abc import Callable
from functools import partial
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
import orjson
from anyio import to_thread
from fastapi import Request
from numpy.typing import NDArray

from api.wire.predictor import received
from api.wire.protocols.body import content_encoding, unpacked
from api.wire.protocols.naming import Wanted, wanted_model
from models_store.models.serving_info import ServingInfo
from serving.served_model import ServedModel
from serving.session import Samples


class Question(Protocol):
    """What the body of a request says."""

    def samples(self, info: ServingInfo, max_pixels: int) -> Samples:
        """(n, *info.image_shape), n at least 1. Raises BadTensor, ImageTooLarge."""
        ...


Q = TypeVar("Q", bound=Question)


class Answered(NamedTuple, Generic[Q]):
    """`probabilities`: (n, classes), float32, all by `model`."""

    question: Q
    model: ServedModel
    probabilities: NDArray[np.float32]


async def answered(request: Request, wanted: Wanted, read: Callable[[bytes], Q]) -> Answered[Q]:
    """Read the body, prepare what is in it, ask the model; counted, timed and bounded as `POST /predict` is.

    Raises what `read`, `Question.samples` and `wanted_model` raise, Overloaded, HTTPException 413.
    """
    state = request.app.state
    with state.metrics.counted_prediction() as counted, state.room.guest() as guest:
        body = await received(request.headers.get("content-length"), request.receive, guest)
        question, model, samples = await in_thread(request, partial(_prepared, request, body, wanted, read))
        counted.model = model.info.dataset
        if model.info.takes_images:
            guest.bring_images(len(samples))
        return Answered(question, model, await state.dispatcher.probabilities(model, samples))


async def model_of(request: Request, wanted: Wanted) -> ServedModel:
    """Raises what `wanted_model` raises."""
    state = request.app.state
    return await in_thread(request, partial(wanted_model, wanted, state.registry, state.store.experiments))


R = TypeVar("R")


async def in_thread(request: Request, call: Callable[[], R]) -> R:
    """In one of the threads that predictions have of their own."""
    return await to_thread.run_sync(call, limiter=request.app.state.preparing)


def _prepared(
    request: Request, body: bytes, wanted: Wanted, read: Callable[[bytes], Q]
) -> tuple[Q, ServedModel, Samples]:
    state = request.app.state
    question = read(unpacked(body, content_encoding(request)))
    model = wanted_model(wanted, state.registry, state.store.experiments)
    return question, model, question.samples(model.info, state.settings.max_image_pixels)


def dumped(document: dict[str, Any]) -> bytes:
    """JSON; arrays as nested lists, each float32 as the shortest number that gives it again."""
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
