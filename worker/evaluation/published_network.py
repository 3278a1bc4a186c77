"""What a published network answers, batch by batch."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime

from models_store.artifacts import ONNX_FILE, read_verified
from models_store.errors import Damaged
from models_store.models.serving_info import ServingInfo
from worker.data import Images, Indices
from worker.evaluation.calibration import Probabilities

# Of a batch, so that what the network makes of it stays within some hundred MB: one image of 512x512, 256 of 28x28.
_BATCH_VALUES = 1_000_000
_MAX_IN_A_BATCH = 256


class Network:
    """The ONNX file in the published folder `artifacts`. Raises NotFound, or Damaged if its sha256 is another or it
    does not load."""

    def __init__(self, artifacts: Path, info: ServingInfo) -> None:
        self._info = info
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        network = read_verified(artifacts, ONNX_FILE)
        try:
            self._session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's errors have no common base
            raise Damaged(f"the network of {artifacts.parent.name} does not load: {error}") from error

    def answers(
        self, read: Callable[[Indices], Images], samples: Indices, advance: Callable[[int], None]
    ) -> Probabilities:
        """(samples, classes), float32; `advance` is told after each batch how many samples are done."""
        size = batch_size(self._info.image_shape)
        answered = np.empty((len(samples), len(self._info.labels)), np.float32)
        for start in range(0, len(samples), size):
            batch = samples[start : start + size]
            answered[start : start + size] = self._session.run(None, {self._info.input_name: read(batch)})[0]
            advance(start + len(batch))
        return answered


def batch_size(shape: tuple[int, ...]) -> int:
    """How many inputs of `shape` a network is given at once."""
    return max(1, min(_MAX_IN_A_BATCH, _BATCH_VALUES // math.prod(shape)))
