"""Predictions, one by one and in batches."""

from typing import TYPE_CHECKING

from trainyard.answers.base import Answer
from trainyard.answers.evaluations import ClassProbability
from trainyard.answers.explanations import Occlusion
from trainyard.answers.models import AnsweringModel
from trainyard.frames import data_frame

if TYPE_CHECKING:
    from pandas import DataFrame


class Preprocessing(Answer):
    """`steps` were applied to the image, in order; `ignored_marks` counts what was left out although it may be a sign
    or a digit; `image`, as a data URL, is what the network saw."""

    steps: list[str]
    ignored_marks: int = 0
    image: str | None = None


class Prediction(Answer):
    """The most probable classes of an image, best first. `id` is for `label`."""

    id: str
    filename: str
    top: list[ClassProbability]
    margin: float
    verdict: str
    preprocessing: Preprocessing


class Reading(Answer):
    """The digits of an image as a text, from left to right; empty if it shows none."""

    filename: str
    text: str
    verdict: str


class Predictions(Answer):
    """A prediction per image, in order, and the model that made them; one per digit, and a reading per image, if many
    digits were asked for; an explanation per prediction if those were."""

    model: AnsweringModel
    predictions: list[Prediction]
    readings: list[Reading] | None = None
    explanations: list[Occlusion] | None = None
    duration_ms: float

    def to_frame(self) -> "DataFrame":
        """One row per image: file name, label, probability, verdict. Needs pandas."""
        columns = ("filename", "label", "probability", "verdict")
        rows = [(each.filename, each.top[0].label, each.top[0].probability, each.verdict) for each in self.predictions]
        return data_frame(rows, columns=columns)


class BatchModel(Answer):
    """The first line of a batch: the model that answers."""

    model: AnsweringModel


class BatchError(Answer):
    """The line of an image that could not be read."""

    filename: str
    error: str


class BatchEnd(Answer):
    """The last line of a batch. `skipped` counts files that are not images."""

    done: bool
    images: int
    unreadable: int
    skipped: int
    duration_ms: float
    error: str | None = None


BatchLine = BatchModel | Prediction | BatchError | BatchEnd


class LabeledSample(Answer):
    """A sample of the dataset `source`, where it stays labeled `true`: its image was added to `dataset` as `label`."""

    source: str
    sample: int
    true: str
    predicted: str
    label: str
    dataset: str


class LabeledPrediction(Answer):
    """A prediction whose image was added to `dataset` with the class `label`."""

    prediction_id: str
    experiment_id: str
    predicted: str
    probability: float
    label: str
    dataset: str
