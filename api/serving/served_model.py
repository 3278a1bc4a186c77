"""A network that has been loaded, checked and warmed: ready to answer."""

from dataclasses import dataclass

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from imaging.probe import PROBE_TOLERANCE, probe_sample
from models_store.errors import Damaged
from models_store.models import PublishedModel


@dataclass(frozen=True, slots=True)
class Guess:
    label: str
    index: int
    probability: float


class ServedModel:
    """Immutable, and safe to call from any number of threads: an ONNX Runtime session is stateless."""

    def __init__(self, published: PublishedModel, threads: int) -> None:
        """Raises Damaged if the network does not load, or does not answer the probe as it did when published."""
        self.record = published.record
        self.info = published.info
        self.file_bytes = len(published.onnx)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(published.onnx, options, providers=["CPUExecutionProvider"])
            self._check_probe()
        except Damaged:
            raise
        except Exception as error:  # ONNX Runtime's errors have no common base
            raise Damaged(f"the model of {self.record.id} does not load: {error}") from error

    @property
    def id(self) -> str:
        return self.record.id

    def probabilities(self, images: NDArray[np.uint8 | np.float32]) -> NDArray[np.float32]:
        """(batch, height, width, channels), uint8, or (batch, features), float32, to (batch, classes), float32."""
        answered: NDArray[np.float32] = self._session.run(None, {self.info.input_name: images})[0]
        return answered

    def top(self, images: NDArray[np.uint8 | np.float32], count: int) -> list[list[Guess]]:
        """For each sample its `count` most probable classes, the most probable first."""
        return [self._top_of(row, count) for row in self.probabilities(images)]

    def _top_of(self, probabilities: NDArray[np.float32], count: int) -> list[Guess]:
        best = np.argsort(-probabilities, kind="stable")[:count]
        return [Guess(self.info.labels[i], int(i), float(probabilities[i])) for i in best]

    def _check_probe(self) -> None:
        answered = self.probabilities(probe_sample(self.info.image_shape)[None])[0]
        difference = float(np.abs(answered - np.asarray(self.info.probe, dtype=np.float32)).max())
        if not difference < PROBE_TOLERANCE:
            raise Damaged(f"the model of {self.record.id} answers its probe differently by {difference:g}")
