"""Batching: the samples that queue up while one batch runs are the next batch."""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from serving.served_model import ServedModel
from serving.session import Probabilities, Samples

# One core gains nothing from larger batches: even a small network's activations leave its cache.
_MAX_IMAGES = 16
_MAX_ROWS = 1_000
# Activations take some hundred bytes per pixel, as long as the model is loaded.
_MAX_PIXELS = 1 << 16
_LOOP_SECONDS = 0.005
_MIN_IN_LOOP = 5


@dataclass(eq=False, slots=True)
class _Request:
    """The samples of one request, how many of them are in batches so far, and the results of these batches."""

    samples: Samples
    result: asyncio.Future[Probabilities]
    batched: int = 0
    parts: list[Probabilities] = field(default_factory=list)


_Batch = list[tuple[_Request, Samples]]


class Batcher:
    """Runs models on batches: one batch of a model at a time, and what arrives meanwhile waits together. Without a
    timer: a request that comes alone runs at once.

    For use from one event loop. A model that runs a few samples within `loop_seconds` runs in the loop itself, which
    saves switching threads, in batches that block it at most that long; a slower one runs in one of `threads`.
    """

    def __init__(self, threads: int, loop_seconds: float = _LOOP_SECONDS) -> None:
        self._threads = ThreadPoolExecutor(threads, "inference")
        self._loop_seconds = loop_seconds
        self._queues: dict[ServedModel, deque[_Request]] = {}

    async def probabilities(self, model: ServedModel, samples: Samples) -> Probabilities:
        """(n, height, width, channels), uint8, or (n, features), float32, to (n, classes), float32, all by `model`;
        n is at least 1. Raises the errors of ONNX Runtime."""
        loop = asyncio.get_running_loop()
        request = _Request(samples, loop.create_future())
        queue = self._queues.get(model)
        if queue is None:
            queue = self._queues[model] = deque()
            # Not at once: what arrived in the same turn of the loop is read first.
            loop.call_soon(self._run_next, model, loop)
        queue.append(request)
        return await request.result

    def close(self) -> None:
        """End the threads, without waiting for a batch that runs."""
        self._threads.shutdown(wait=False)

    def _run_next(self, model: ServedModel, loop: asyncio.AbstractEventLoop) -> None:
        max_samples, in_loop = self._batch_size(model)
        queue = self._queues[model]
        batch = _next_batch(queue, max_samples)
        if batch and not in_loop:
            running = loop.run_in_executor(self._threads, _run, model, batch)
            running.add_done_callback(partial(self._finish, model, loop, batch))
            return
        if batch:
            _settle(batch, partial(_run, model, batch))
        if queue:
            loop.call_soon(self._run_next, model, loop)
        else:
            del self._queues[model]

    def _finish(
        self, model: ServedModel, loop: asyncio.AbstractEventLoop, batch: _Batch, ran: asyncio.Future[Probabilities]
    ) -> None:
        _settle(batch, ran.result)
        self._run_next(model, loop)

    def _batch_size(self, model: ServedModel) -> tuple[int, bool]:
        """The maximum number of samples of a batch, and whether it runs in the loop."""
        pixels = math.prod(model.info.image_shape[:2])
        most = max(1, min(_MAX_IMAGES, _MAX_PIXELS // pixels)) if model.info.takes_images else _MAX_ROWS
        in_loop = int(self._loop_seconds / model.seconds_per_sample)
        return (min(most, in_loop), True) if in_loop >= min(most, _MIN_IN_LOOP) else (most, False)


def _next_batch(queue: deque[_Request], max_samples: int) -> _Batch:
    """Up to `max_samples` samples, in the order of the requests. An unfinished request goes to the end of the queue, so
    that a large one does not delay all others."""
    batch: _Batch = []
    while queue and max_samples > 0:
        request = queue.popleft()
        if request.result.done():  # failed with an earlier batch, or cancelled
            continue
        part = request.samples[request.batched : request.batched + max_samples]
        batch.append((request, part))
        request.batched += len(part)
        max_samples -= len(part)
        if request.batched < len(request.samples):
            queue.append(request)
    return batch


def _run(model: ServedModel, batch: _Batch) -> Probabilities:
    return model.probabilities(batch[0][1] if len(batch) == 1 else np.concatenate([part for _, part in batch]))


def _settle(batch: _Batch, compute: Callable[[], Probabilities]) -> None:
    try:
        probabilities = compute()
    except Exception as error:  # ONNX Runtime's errors have no common base; each request raises it
        for request, _ in batch:
            if not request.result.done():
                request.result.set_exception(error)
        return
    first = 0
    for request, part in batch:
        request.parts.append(probabilities[first : first + len(part)])
        first += len(part)
        if request.batched == len(request.samples) and not request.result.done():
            whole = request.parts[0] if len(request.parts) == 1 else np.concatenate(request.parts)
            request.result.set_result(whole)
