"""Batch predictions of a published network."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np

from models_store.artifacts import ONNX_FILE, read_verified
from models_store.errors import Damaged
from models_store.models.serving_info import ServingInfo
from serving.session import Session, SessionError
from worker.data import Images, Indices
from worker.evaluation.calibration import Probabilities

# Keeps the network's activations within some hundred MB: one image of 512x512 a batch, 256 of 28x28.
_MAX_BATCH_VALUES = 1_000_000
_MAX_BATCH_SIZE = 256


class PublishedNetwork:
    """The ONNX file in the published folder `artifacts`. Raises NotFound, or Damaged if its sha256 does not match, it
    does not load or it does not answer its probe."""

    def __init__(self, artifacts: Path, info: ServingInfo) -> None:
        self._info = info
        network = read_verified(artifacts, ONNX_FILE)
        try:
            self._session = Session(network, info.input_name)
            self._session.check_probe(info.image_shape, info.probe)
        except SessionError as error:
            raise Damaged(f"the model of {artifacts.parent.name} is damaged: {error}") from error

    def predict(
        self, read: Callable[[Indices], Images], samples: Indices, advance: Callable[[int], None]
    ) -> Probabilities:
        """(samples, classes), float32, without the temperature. `advance` is called after each batch with the number of
        samples done."""
        size = batch_size(self._info.image_shape)
        predicted = np.empty((len(samples), len(self._info.labels)), np.float32)
        for start in range(0, len(samples), size):
            batch = samples[start : start + size]
            predicted[start : start + size] = self._session.uncalibrated(read(batch))
            advance(start + len(batch))
        return predicted


def batch_size(shape: tuple[int, ...]) -> int:
    """Inputs of `shape` per batch."""
    return max(1, min(_MAX_BATCH_SIZE, _MAX_BATCH_VALUES // math.prod(shape)))
