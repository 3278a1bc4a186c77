"""What has queued up while the last batch ran is the next batch."""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from serving.served_model import ServedModel
from serving.session import Samples

# One core gains nothing from larger ones: even a small network's activations leave its cache.
_MAX_IMAGES = 16
_MAX_ROWS = 1_000
# Activations take some hundred bytes for each pixel, for as long as the model is loaded.
_MAX_PIXELS = 1 << 16
_LOOP_SECONDS = 0.005
_FEWEST_IN_LOOP = 5


@dataclass(eq=False, slots=True)
class _Request:
    """The samples of one request; how many of them were taken into batches, and what these answered."""

    samples: Samples
    answered: asyncio.Future[NDArray[np.float32]]
    taken: int = 0
    answers: list[NDArray[np.float32]] = field(default_factory=list)


_Batch = list[tuple[_Request, Samples]]


class Dispatcher:
    """Asks models in batches: of each model one at a time, and what comes meanwhile waits together. There is no timer:
    a request that comes alone is answered at once.

    For use from one event loop. A model that answers a few samples within `loop_seconds` is asked in the loop itself,
    which costs no switch of threads, in batches that hold it up for so long at most; a slower one in one of `threads`.
    """

    def __init__(self, threads: int, loop_seconds: float = _LOOP_SECONDS) -> None:
        self._threads = ThreadPoolExecutor(threads, "asking")
        self._loop_seconds = loop_seconds
        self._waiting: dict[ServedModel, deque[_Request]] = {}

    async def probabilities(self, model: ServedModel, samples: Samples) -> NDArray[np.float32]:
        """(n, height, width, channels), uint8, or (n, features), float32, to (n, classes), float32, all by `model`;
        n is at least 1. Raises what ONNX Runtime raises."""
        loop = asyncio.get_running_loop()
        request = _Request(samples, loop.create_future())
        queue = self._waiting.get(model)
        if queue is None:
            queue = self._waiting[model] = deque()
            # Not at once: what arrived in the same turn of the loop is read first.
            loop.call_soon(self._next, model, loop)
        queue.append(request)
        return await request.answered

    def close(self) -> None:
        """Let the threads end; a batch that runs is let run."""
        self._threads.shutdown(wait=False)

    def _next(self, model: ServedModel, loop: asyncio.AbstractEventLoop) -> None:
        most, in_loop = self._most(model)
        batch = _taken(self._waiting[model], most)
        if not batch:
            del self._waiting[model]
            return
        if in_loop:
            _settle(batch, partial(_asked, model, batch))
            loop.call_soon(self._next, model, loop)
        else:
            running = loop.run_in_executor(self._threads, _asked, model, batch)
            running.add_done_callback(partial(self._ran, model, loop, batch))

    def _ran(
        self,
        model: ServedModel,
        loop: asyncio.AbstractEventLoop,
        batch: _Batch,
        ran: asyncio.Future[NDArray[np.float32]],
    ) -> None:
        _settle(batch, ran.result)
        self._next(model, loop)

    def _most(self, model: ServedModel) -> tuple[int, bool]:
        """How many samples are asked about at once, and whether in the loop."""
        pixels = math.prod(model.info.image_shape[:2])
        most = max(1, min(_MAX_IMAGES, _MAX_PIXELS // pixels)) if model.info.takes_images else _MAX_ROWS
        in_loop = int(self._loop_seconds / model.seconds)
        return (min(most, in_loop), True) if in_loop >= min(most, _FEWEST_IN_LOOP) else (most, False)


def _taken(queue: deque[_Request], most: int) -> _Batch:
    """Take up to `most` samples, in the order of the requests. One that is not through goes to the end of the queue, so
    that a large one does not hold up all others."""
    batch: _Batch = []
    while queue and most > 0:
        request = queue.popleft()
        if request.answered.done():  # failed with an earlier batch, or nobody waits for it any more
            continue
        part = request.samples[request.taken : request.taken + most]
        batch.append((request, part))
        request.taken += len(part)
        most -= len(part)
        if request.taken < len(request.samples):
            queue.append(request)
    return batch


def _asked(model: ServedModel, batch: _Batch) -> NDArray[np.float32]:
    return model.probabilities(batch[0][1] if len(batch) == 1 else np.concatenate([part for _, part in batch]))


def _settle(batch: _Batch, result: Callable[[], NDArray[np.float32]]) -> None:
    try:
        answers = result()
    except Exception as error:  # ONNX Runtime's errors have no common base; each request raises it
        for request, _ in batch:
            if not request.answered.done():
                request.answered.set_exception(error)
        return
    first = 0
    for request, part in batch:
        request.answers.append(answers[first : first + len(part)])
        first += len(part)
        if request.taken == len(request.samples) and not request.answered.done():
            whole = request.answers[0] if len(request.answers) == 1 else np.concatenate(request.answers)
            request.answered.set_result(whole)
