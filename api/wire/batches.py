"""`POST /predict:batch`: predictions for many images as JSON Lines, while the images are on disk."""

import logging
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar, cast

import orjson
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request

from api.access import owner_of
from api.metrics import Metrics
from api.wire.batch_images import MAX_IMAGE_BYTES, BatchImages, ReadyImage, UnreadableImage
from api.wire.batch_upload import HINT, STORED, receive_batch
from api.wire.body import BadRequestBody
from archives.errors import InvalidArchive
from archives.member import Limits
from models_store.errors import QuotaReached
from models_store.files import storage_errors
from models_store.owners.quotas import Quotas
from serving.errors import Overloaded
from serving.predictor import Prediction, PredictionOptions, Predictor
from serving.preparation import prepare, stack_prepared
from serving.served_model import ServedModel

log = logging.getLogger(__name__)
_Images = list[ReadyImage | UnreadableImage]
_T = TypeVar("_T")


class BatchLimits(NamedTuple):
    """Of one request: bytes of its body, files in it, their uncompressed bytes, and pixels of an image. Of all
    together: requests at once, and threads that prepare their images."""

    body_bytes: int
    files: int
    unpacked_bytes: int
    pixels: int
    requests: int
    threads: int


class Batches:
    """One for each application, for use from its event loop. Images of batches are prepared in threads of their own,
    so that single images never wait for them; before the network they share a queue with these, 16 at most."""

    def __init__(
        self, predictor: Predictor, metrics: Metrics, quotas: Quotas, folder: Path, limits: BatchLimits
    ) -> None:
        """Bodies are written to files in `folder`, which exists, that vanish with the process."""
        self._predictor = predictor
        self._metrics = metrics
        self._quotas = quotas
        self._folder = folder
        self.limits = limits
        self._threads = CapacityLimiter(limits.threads)
        self.running = 0
        self._running_of: Counter[str | None] = Counter()

    @contextmanager
    def open_file(self, owner: str | None = None) -> Iterator[BinaryIO]:
        """A temporary file for one request. One owner leaves a place to others. Raises Overloaded, StorageFull."""
        if self.running >= self.limits.requests:
            raise Overloaded(f"the limit of {self.limits.requests} batches at once is reached; try again in a moment")
        share = max(1, self.limits.requests - 1)
        if owner is not None and self._running_of[owner] >= share:
            raise Overloaded(f"{owner} has {share} batches that are being answered, and may have no more at once")
        self.running += 1
        self._running_of[owner] += 1
        try:
            with storage_errors(STORED):
                file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed below
            with file:
                yield cast(BinaryIO, file)
        finally:
            self.running -= 1
            self._running_of.subtract([owner])
            self._running_of = +self._running_of  # without those that have none

    async def answer(self, request: Request, file: BinaryIO, options: PredictionOptions) -> AsyncGenerator[bytes, None]:
        """Receive the images into `file`, and return the lines of the answer once the first images are prepared. Raises
        the errors of `Registry.get` and `receive_batch`, InvalidArchive and BadRequestBody."""
        started = time.perf_counter()
        model = await self._predictor.get_model(options)
        if not model.info.takes_images:
            raise BadRequestBody(f"the model of {model.info.dataset} takes numbers, not images; see POST /predict")
        images = await self._receive(request, file, model, options)
        first: _Images = []
        while not first and not images.ended:
            first = await self._in_thread(images.read_next)
        if not first:
            files = {0: "no file was received", 1: "the file received is no PNG, JPEG or WebP image"}
            several = f"none of the {images.skipped:,} files received is a PNG, JPEG or WebP image"
            raise BadRequestBody(f"{files.get(images.skipped, several)}; {HINT}")
        self._metrics.traffic.count_request(model.id)
        return self._lines(model, images, first, options, started, owner_of(request.scope))

    async def _receive(
        self, request: Request, file: BinaryIO, model: ServedModel, options: PredictionOptions
    ) -> BatchImages:
        limits = self.limits
        upload = await receive_batch(request, file, limits.body_bytes, limits.files, self._threads)
        members = await self._in_thread(
            partial(upload.members, Limits(limits.files, limits.unpacked_bytes, MAX_IMAGE_BYTES))
        )
        prepare_image = partial(prepare, info=model.info, max_pixels=limits.pixels, prep=options.prep)
        return BatchImages(members, upload.sent_singly, prepare_image)

    async def _in_thread(self, call: Callable[[], _T]) -> _T:
        return await to_thread.run_sync(call, limiter=self._threads)

    async def _lines(
        self,
        model: ServedModel,
        images: BatchImages,
        ready: _Images,
        options: PredictionOptions,
        started: float,
        owner: str | None,
    ) -> AsyncGenerator[bytes, None]:
        answered = unreadable = 0
        error = None
        try:
            yield _line({"model": model.description})
            while True:
                if ready:
                    self._quotas.count_predictions(owner, len(ready))
                    lines = await self._predict(model, ready, options)
                    answered += len(ready)
                    unreadable += sum(isinstance(each, UnreadableImage) for each in ready)
                    yield lines
                if images.ended:
                    break
                ready = await self._in_thread(images.read_next)
        except (InvalidArchive, QuotaReached) as ended:
            error = str(ended)
        except Exception:  # the answer has begun: only its last line can report this
            log.exception("a batch broke off")
            error = "internal server error; see the server log"
        end = {"done": True} if error is None else {"done": False, "error": error}
        duration = round((time.perf_counter() - started) * 1000, 3)
        counts = {"images": answered, "unreadable": unreadable, "skipped": images.skipped}
        yield _line({**end, **counts, "duration_ms": duration})

    async def _predict(self, model: ServedModel, images: _Images, options: PredictionOptions) -> bytes:
        """Their lines, in order."""
        ready = [each for each in images if isinstance(each, ReadyImage)]
        predictions: Iterator[Prediction] = iter(())
        if ready:
            prepared = stack_prepared([each.filename for each in ready], [each.prepared for each in ready])
            predictions = iter(await self._predictor.predict(model, prepared, options))
        self._count(model, "answered", len(ready))
        self._count(model, "unreadable", len(images) - len(ready))
        return b"".join(
            _line(each._asdict() if isinstance(each, UnreadableImage) else next(predictions)) for each in images
        )

    def _count(self, model: ServedModel, outcome: str, images: int) -> None:
        if images:
            self._metrics.count_batch(model, outcome, images)


def _line(content: dict[str, object] | Prediction) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE)
