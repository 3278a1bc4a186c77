"""From a request for a prediction to its answer: read, prepare, ask, write."""

import time
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import orjson
from anyio import CapacityLimiter, to_thread
from numpy.typing import NDArray
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope

from api.metrics import Metrics
from api.wire.samples import BadRequestBody, SentFeatures, SentImage, read_samples
from imaging import fast_decode
from imaging.png import png_data_url, to_image
from models_store.predictions.recent import RecentPredictions
from serving.admission import Guest, Room
from serving.batching import Dispatcher
from serving.preparation import Prep, PreparedSamples, is_light, prepare_all
from serving.registry import Registry
from serving.served_model import Guess, ServedModel
from serving.session import Samples

BODY_BYTES = 10_000_000

_Samples = Sequence[SentImage | SentFeatures]


class Asked(NamedTuple):
    """Which model is to answer, how many classes it is to name, how images are prepared, and whether to show it."""

    dataset: str | None = None
    experiment: str | None = None
    top: int = 3
    prep: Prep = "auto"
    explain: bool = False


DEFAULT = Asked()
ID_LENGTH = 26
MAX_CLASSES = 1000
# What is said of so many samples is written within a millisecond.
_FEW = 32


class Predictor:
    """One for each application. What is small is done in the event loop, for a thread costs more than it; what may
    take long, in threads of its own: neither decoding nor a store that waits for Redis takes the other's."""

    def __init__(
        self,
        registry: Registry,
        dispatcher: Dispatcher,
        room: Room,
        metrics: Metrics,
        recent: RecentPredictions,
        max_pixels: int,
        preparing: CapacityLimiter,
    ) -> None:
        self._registry = registry
        self._dispatcher = dispatcher
        self._room = room
        self._metrics = metrics
        self._recent = recent
        self._max_pixels = max_pixels
        self._preparing = preparing

    async def answer(self, scope: Scope, receive: Receive, asked: Asked) -> bytes:
        """The answer's JSON. Raises the domain errors of `read_samples`, `Registry.get`, `prepare_all` and `Room`, and
        HTTPException 413."""
        started = time.perf_counter()
        with self._metrics.counted_prediction() as counted, self._room.guest() as guest:
            headers = Headers(scope=scope)
            body = await received(headers.get("content-length"), receive, guest)
            samples = await self._samples(headers.get("content-type", ""), body)
            if isinstance(samples[0], SentImage):
                guest.bring_images(len(samples))
            model, prepared = await self._prepared(samples, asked)
            counted.model = model.info.dataset
            predictions = await self.entries(model, [sample.filename for sample in samples], prepared, asked)
        duration = round((time.perf_counter() - started) * 1000, 3)
        return orjson.dumps({"model": model.described, "predictions": predictions, "duration_ms": duration})

    async def model(self, asked: Asked) -> ServedModel:
        """The one that answers about images. Raises what `Registry.get` raises."""
        get = partial(self._registry.get, asked.dataset, asked.experiment)
        return await to_thread.run_sync(get, limiter=self._preparing)

    async def entries(
        self, model: ServedModel, filenames: Sequence[str], prepared: PreparedSamples, asked: Asked
    ) -> list[dict[str, Any]]:
        """What is answered about each sample, in order."""
        probabilities = await self._dispatcher.probabilities(model, prepared.samples)
        if len(filenames) <= _FEW and not asked.explain:
            return self._entries(model, filenames, prepared, asked, probabilities)
        write = partial(self._entries, model, filenames, prepared, asked, probabilities)
        return await to_thread.run_sync(write, limiter=self._preparing)

    def _entries(
        self,
        model: ServedModel,
        filenames: Sequence[str],
        prepared: PreparedSamples,
        asked: Asked,
        probabilities: NDArray[np.float32],
    ) -> list[dict[str, Any]]:
        top = model.top(probabilities, max(asked.top, 2))
        return [
            {
                "id": self._kept(model, array, classes[0]),
                "filename": filename,
                "top": classes[: asked.top],
                "margin": round(classes[0]["probability"] - classes[1]["probability"], 6) if classes[1:] else 1.0,
                "verdict": model.verdict(classes[0]["probability"], may_be_digit),
                "preprocessing": _told(array, steps, asked.explain),
            }
            for filename, array, steps, may_be_digit, classes in zip(filenames, *prepared, top, strict=True)
        ]

    def _kept(self, model: ServedModel, sample: Samples, guess: Guess) -> str:
        return self._recent.keep(model.origin, sample, guess["label"], guess["probability"])

    async def _samples(self, content_type: str, body: bytes) -> _Samples:
        if len(body) <= fast_decode.MAX_BYTES:
            return read_samples(content_type, body)
        return await to_thread.run_sync(read_samples, content_type, body, limiter=self._preparing)

    async def _prepared(self, samples: _Samples, asked: Asked) -> tuple[ServedModel, PreparedSamples]:
        """All of a request with one model, however many promotions come meanwhile."""
        images = isinstance(samples[0], SentImage)
        if asked.experiment is None:
            model = self._registry.at_hand(asked.dataset, images)
            if model is not None and is_light(samples, model.info):
                return model, prepare_all(samples, model.info, self._max_pixels, asked.prep)

        def prepared() -> tuple[ServedModel, PreparedSamples]:
            chosen = self._registry.get(asked.dataset, asked.experiment, images)
            return chosen, prepare_all(samples, chosen.info, self._max_pixels, asked.prep)

        return await to_thread.run_sync(prepared, limiter=self._preparing)


def _told(sample: Samples, steps: tuple[str, ...], explain: bool) -> dict[str, Any]:
    """What was done to a sample, and with `explain` the image that the network saw, for a browser to show."""
    if not explain or sample.ndim != 3:
        return {"steps": steps}
    return {"steps": steps, "image": png_data_url(to_image(sample))}


async def received(stated: str | None, receive: Receive, guest: Guest) -> bytes:
    """The whole body. Raises HTTPException 413, at once where `stated`, its length in bytes as the sender says, is too
    large; Overloaded; BadRequestBody where it breaks off."""
    if stated is not None and stated.isdecimal() and int(stated) > BODY_BYTES:
        raise _too_large()
    pieces, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequestBody("the request broke off")
        piece = message.get("body", b"")
        size += len(piece)
        if size > BODY_BYTES:
            raise _too_large()
        guest.bring_bytes(len(piece))
        pieces.append(piece)
        if not message.get("more_body", False):
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _too_large() -> HTTPException:
    detail = f"the body is larger than the {BODY_BYTES:,} bytes that are read; send smaller images, or fewer at once"
    return HTTPException(413, detail)
