"""A network that has been loaded, checked and warmed: ready to answer."""

import timeit
from typing import Literal, TypedDict

import numpy as np
import orjson
from numpy.typing import NDArray

from imaging.probe import probe_sample
from models_store.errors import Damaged
from models_store.models.catalogue import PublishedModel
from models_store.predictions.recent import Origin
from serving.answering_model import described
from serving.session import Samples, Session, SessionError

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
        try:
            self._session = Session(published.onnx, self.info.input_name, self.info.temperature, threads)
            self._session.check_probe(self.info.image_shape, self.info.probe)
        except SessionError as error:
            raise Damaged(f"the model of {self.record.id} is damaged: {error}") from error
        self.seconds = self._timed()

    @property
    def id(self) -> str:
        return self.record.id

    def probabilities(self, samples: Samples) -> NDArray[np.float32]:
        """(batch, height, width, channels), uint8, or (batch, features), float32, to (batch, classes), float32, made to
        mean what they say by the temperature that was fitted on the validation split (Guo et al. 2017)."""
        return self._session.probabilities(samples)

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

    def _timed(self) -> float:
        """Seconds for one sample: the least of a few calls, for others only ever make it slower."""
        sample = probe_sample(self.info.image_shape)[None]
        return min(timeit.repeat(lambda: self.probabilities(sample), number=1, repeat=_TIMED_CALLS))
