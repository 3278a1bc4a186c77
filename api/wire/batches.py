"""Answers about many images, a line each, while what is left of them lies on the disk."""

import logging
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar, cast

import numpy as np
import orjson
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request

from api.metrics import Metrics
from api.wire.batch_images import MAX_IMAGE_BYTES, BatchImages, ReadyImage, Unreadable
from api.wire.batch_upload import HOW, received
from api.wire.predictor import Asked, Predictor
from api.wire.samples import BadRequestBody
from archives.errors import InvalidArchive
from archives.member import Limits as ArchiveLimits
from models_store.files import storage_errors
from serving.admission import Overloaded
from serving.preparation import PreparedSamples, prepare
from serving.served_model import ServedModel

log = logging.getLogger(__name__)
_Taken = list[ReadyImage | Unreadable]
_T = TypeVar("_T")


class Limits(NamedTuple):
    """Of one request: bytes of its body, files in it, and bytes that these unpack to. Of all at once: how many there
    are, and how many threads prepare their images. `silence_seconds` is how long a client may neither send nor
    take."""

    body_bytes: int
    files: int
    unpacked_bytes: int
    pixels: int
    requests: int
    threads: int
    silence_seconds: float


class Batches:
    """One for each application, for use from its event loop. BatchImages of batches have threads of their own, so that
    single images never wait for them; before the network they stand in one queue with these, 16 at most."""

    def __init__(self, predictor: Predictor, metrics: Metrics, folder: Path, limits: Limits) -> None:
        """Bodies lie in `folder`, which exists, in files that no process can leave behind."""
        self._predictor = predictor
        self._metrics = metrics
        self._folder = folder
        self.limits = limits
        self._threads = CapacityLimiter(limits.threads)
        self.running = 0

    @contextmanager
    def place(self) -> Iterator[BinaryIO]:
        """A temporary file for one request. Raises Overloaded, StorageFull."""
        if self.running >= self.limits.requests:
            raise Overloaded(f"{self.running} batches are being answered, as many as are taken; try again in a moment")
        self.running += 1
        try:
            with storage_errors("the images of a batch"):
                file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed below
            with file:
                yield cast(BinaryIO, file)
        finally:
            self.running -= 1

    async def answer(self, request: Request, file: BinaryIO, asked: Asked) -> AsyncGenerator[bytes, None]:
        """Receive the images into `file`, and return the lines about them once the first are read. Raises the domain
        errors of `Registry.get` and `received`, InvalidArchive and BadRequestBody."""
        started = time.perf_counter()
        model = await self._predictor.model(asked)
        if not model.info.takes_images:
            raise BadRequestBody(f"the model of {model.info.dataset} takes numbers, not images; see POST /predict")
        limits = self.limits
        body = await received(request, file, limits.body_bytes, limits.files, self._threads, limits.silence_seconds)
        members = await self._in_thread(
            partial(body.members, ArchiveLimits(limits.files, limits.unpacked_bytes, MAX_IMAGE_BYTES))
        )
        prepared = partial(prepare, info=model.info, max_pixels=limits.pixels, prep=asked.prep)
        images = BatchImages(members, body.sent_singly, prepared)
        first: _Taken = []
        while not first and not images.ended:
            first = await self._in_thread(images.take)
        if not first:
            raise BadRequestBody(f"none of the {images.skipped} files is a PNG, JPEG or WebP image; {HOW}")
        return self._lines(model, images, first, asked, started)

    async def _in_thread(self, call: Callable[[], _T]) -> _T:
        return await to_thread.run_sync(call, limiter=self._threads)

    async def _lines(
        self, model: ServedModel, images: BatchImages, taken: _Taken, asked: Asked, started: float
    ) -> AsyncGenerator[bytes, None]:
        told = unreadable = 0
        error = None
        try:
            yield _line({"model": model.described})
            while True:
                if taken:
                    lines = await self._answered(model, taken, asked)
                    told += len(taken)
                    unreadable += sum(isinstance(each, Unreadable) for each in taken)
                    yield lines
                if images.ended:
                    break
                taken = await self._in_thread(images.take)
        except InvalidArchive as broken:
            error = str(broken)
        except Exception:  # the answer has begun: its end is the only place left to tell
            log.exception("a batch broke off")
            error = "something broke in the service; its log says what"
        end = {"done": True} if error is None else {"done": False, "error": error}
        duration = round((time.perf_counter() - started) * 1000, 3)
        counts = {"images": told, "unreadable": unreadable, "skipped": images.skipped}
        yield _line({**end, **counts, "duration_ms": duration})

    async def _answered(self, model: ServedModel, taken: _Taken, asked: Asked) -> bytes:
        """Their lines, in order."""
        ready = [each for each in taken if isinstance(each, ReadyImage)]
        entries: Iterator[dict[str, Any]] = iter(())
        if ready:
            samples, steps, may_be_digit = zip(*(each.prepared for each in ready), strict=True)
            prepared = PreparedSamples(np.stack(samples), list(steps), list(may_be_digit))
            entries = iter(await self._predictor.entries(model, [each.filename for each in ready], prepared, asked))
        self._count(model, "answered", len(ready))
        self._count(model, "unreadable", len(taken) - len(ready))
        return b"".join(_line(each._asdict() if isinstance(each, Unreadable) else next(entries)) for each in taken)

    def _count(self, model: ServedModel, outcome: str, images: int) -> None:
        if images:
            self._metrics.batch_images.labels(model.info.dataset, outcome).inc(images)


def _line(content: dict[str, Any]) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE)
