"""A network that has been loaded, checked and warmed: ready to answer."""

import timeit
from typing import Literal, TypedDict

import numpy as np
import onnxruntime
import orjson
from numpy.typing import NDArray

from imaging.probe import PROBE_TOLERANCE, probe_sample
from models_store.errors import Damaged
from models_store.models.catalogue import PublishedModel
from models_store.predictions.recent import Origin
from serving.answering_model import described

Samples = NDArray[np.uint8 | np.float32]
Verdict = Literal["confident", "unsure", "not_a_digit"]
_TIMED_CALLS = 3


class Guess(TypedDict):
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
        # Written once, for they are part of every answer.
        self.origin = Origin(self.record.id, self.record.dataset, self.info.image_shape)
        self.described = orjson.Fragment(described(published.record).model_dump_json())
        # softmax(log(p) / t) is p ** (1 / t), made to sum to 1 again.
        self._sharpness = np.float32(1 / self.info.temperature)
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
        self.seconds = self._timed()

    @property
    def id(self) -> str:
        return self.record.id

    def probabilities(self, samples: Samples) -> NDArray[np.float32]:
        """(batch, height, width, channels), uint8, or (batch, features), float32, to (batch, classes), float32, made to
        mean what they say by the temperature that was fitted on the validation split (Guo et al. 2017)."""
        raised = self._answers(samples) ** self._sharpness
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))

    def _answers(self, samples: Samples) -> NDArray[np.float32]:
        """As the network itself gives them."""
        answered: NDArray[np.float32] = self._session.run(None, {self.info.input_name: samples})[0]
        return answered

    def verdict(self, probability: float, may_be_digit: bool) -> Verdict:
        """On an answer whose most probable class has `probability`."""
        if not may_be_digit:
            return "not_a_digit"
        return "confident" if probability >= self.info.confident_from else "unsure"

    def top(self, probabilities: NDArray[np.float32], count: int) -> list[list[Guess]]:
        """(batch, classes) to the `count` most probable classes of each sample, the most probable first; rounded to
        six digits. Of equally probable ones the first in the model's own order comes first."""
        orders = np.argsort(-probabilities, axis=1, kind="stable")[:, :count].tolist()
        labels = self.info.labels
        return [
            [Guess(label=labels[index], index=index, probability=round(row[index], 6)) for index in order]
            for row, order in zip(probabilities.tolist(), orders, strict=True)
        ]

    def _check_probe(self) -> None:
        answered = self._answers(probe_sample(self.info.image_shape)[None])[0]
        difference = float(np.abs(answered - np.asarray(self.info.probe, dtype=np.float32)).max())
        if not difference < PROBE_TOLERANCE:
            raise Damaged(f"the model of {self.record.id} answers its probe differently by {difference:g}")

    def _timed(self) -> float:
        """Seconds for one sample: the least of a few calls, for others only ever make it slower."""
        sample = probe_sample(self.info.image_shape)[None]
        return min(timeit.repeat(lambda: self.probabilities(sample), number=1, repeat=_TIMED_CALLS))
