"""Explains answers, by asking the network again."""

from functools import partial

import numpy as np
from anyio import CapacityLimiter, to_thread

from models_store.models.serving_info import ServingInfo
from serving.batching import Batcher
from serving.errors import InvalidSample
from serving.explanations.explanation import Occlusion
from serving.explanations.occlusion import HidableImage, Pixels
from serving.explanations.occlusion_map import build_map
from serving.served_model import ServedModel

# Of hidden copies in memory at once.
_MAX_BYTES = 4_000_000


def check_explainable(info: ServingInfo) -> None:
    """Raises InvalidSample."""
    if not info.takes_images:
        raise InvalidSample(
            f"explanations are of images, and the model of {info.dataset} takes {info.image_shape[0]} numbers a "
            "sample; ask it for a prediction without `explain=occlusion`"
        )


class Explainer:
    """What it asks goes through the `batcher` as any other samples: in batches of its size, between which predictions
    have their turn. The rest is done in `threads`."""

    def __init__(self, batcher: Batcher, threads: CapacityLimiter) -> None:
        self._batcher = batcher
        self._threads = threads

    async def occlude(self, model: ServedModel, pixels: Pixels, index: int | None = None) -> Occlusion:
        """The occlusion map of class `index`, of the most probable one if None, for an image as the network receives
        it, (height, width, channels). Raises InvalidSample if the model takes no images, and the errors of ONNX
        Runtime."""
        check_explainable(model.info)
        image = await to_thread.run_sync(HidableImage.of, pixels, limiter=self._threads)
        answers = [await self._batcher.probabilities(model, pixels[None])]
        at_once = max(1, _MAX_BYTES // pixels.nbytes)
        for first in range(0, len(image.places), at_once):
            some = image.places[first : first + at_once]
            copies = await to_thread.run_sync(image.copies, some, limiter=self._threads)
            answers.append(await self._batcher.probabilities(model, copies))
        explained = int(answers[0].argmax()) if index is None else index
        build = partial(build_map, model, image, explained, np.concatenate(answers))
        return await to_thread.run_sync(build, limiter=self._threads)
