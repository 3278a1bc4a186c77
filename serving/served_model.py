"""A network that has been loaded, checked and warmed up: ready to predict."""

import time
import timeit
from functools import partial

import orjson

from imaging.probe import probe_sample
from models_store.errors import Damaged
from models_store.models.catalogue import PublishedModel
from models_store.predictions.class_probability import ClassProbability
from models_store.predictions.recent import Origin
from serving.answering_model import AnsweringModel
from serving.session import Probabilities, Samples, Session, SessionError

_TIMED_CALLS = 3
# Where the clock of processor time ticks coarsely, a call may take none at all.
_MIN_SECONDS = 1e-6


class ServedModel:
    """Immutable, and safe to call from any number of threads."""

    def __init__(self, published: PublishedModel, threads: int) -> None:
        """Raises Damaged if the network does not load, or does not answer its probe as it did when published."""
        self.record = published.record
        self.info = published.info
        self.file_bytes = len(published.onnx)
        # Encoded once, because every answer contains them.
        self.origin = Origin(self.record.id, self.record.dataset, self.info.image_shape)
        described = AnsweringModel.of(self.record)
        self._description = orjson.Fragment(described.model_dump_json())
        self._withheld = orjson.Fragment(described.model_copy(update={"accuracy": None}).model_dump_json())
        self._is_test_hidden = published.is_test_hidden
        try:
            self._session = Session(published.onnx, self.info.input_name, self.info.temperature, threads)
            self._session.check_probe(self.info.image_shape, self.info.probe)
        except SessionError as error:
            raise Damaged(f"the model of {self.record.id} is damaged: {error}") from error
        self.seconds_per_sample = self._time()

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def description(self) -> orjson.Fragment:
        """An AnsweringModel."""
        return self._withheld if self._is_test_hidden() else self._description

    def probabilities(self, samples: Samples) -> Probabilities:
        """(n, height, width, channels), uint8, or (n, features), float32, to (n, classes), float32, calibrated."""
        return self._session.probabilities(samples)

    def top_classes(self, probabilities: Probabilities, count: int) -> list[list[ClassProbability]]:
        """(n, classes) to the `count` most probable classes of each sample, the most probable first; rounded to six
        digits. Equally probable ones are in the order of the network's outputs."""
        orders = (-probabilities).argsort(axis=1, kind="stable")[:, :count].tolist()
        labels = self.info.labels
        return [
            [ClassProbability(labels[index], index, round(row[index], 6)) for index in order]
            for row, order in zip(probabilities.tolist(), orders, strict=True)
        ]

    def _time(self) -> float:
        """Seconds for one sample, more than 0: the least of a few calls, because other processes only ever slow it
        down. Of processor time: waiting for a core at the start would move a quick model to threads for good."""
        sample = probe_sample(self.info.image_shape)[None]
        calls = partial(self.probabilities, sample)
        return max(_MIN_SECONDS, min(timeit.repeat(calls, timer=time.thread_time, number=1, repeat=_TIMED_CALLS)))
