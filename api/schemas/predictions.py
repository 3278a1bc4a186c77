"""Answers about images that were sent to be classified."""

from pydantic import BaseModel, Field

from api.schemas.answer import Answer, is_none
from serving.answering_model import AnsweringModel
from serving.explanations.explanation import Occlusion
from serving.predictor import Prediction, Reading


# Not an Answer, under whose configuration pydantic makes the optional members of a TypedDict required.
class Predictions(BaseModel):
    """`readings` are there with digits=many, one for each image, `explanations` with explain=occlusion, one for each
    prediction."""

    model: AnsweringModel
    predictions: list[Prediction]
    readings: list[Reading] | None = Field(default=None, exclude_if=is_none)
    explanations: list[Occlusion] | None = Field(default=None, exclude_if=is_none)
    duration_ms: float


class BatchModel(Answer):
    """The first line: the model that answers about all images."""

    model: AnsweringModel


class BatchError(Answer):
    """The line of an image that could not be read."""

    filename: str
    error: str


class BatchEnd(Answer):
    """The last line; `done` is false, with an `error`, where the archive or the service broke off. `skipped` counts
    files that are not images."""

    done: bool
    images: int
    unreadable: int
    skipped: int
    duration_ms: float
    error: str | None = Field(default=None, exclude_if=is_none)


class LabeledPrediction(Answer):
    """`predicted` is the class that the model of `experiment_id` chose, `label` the class that the user gave,
    and `dataset` the name of the dataset that the image was added to."""

    prediction_id: str
    experiment_id: str
    predicted: str
    probability: float
    label: str
    dataset: str


class LabeledSample(Answer):
    """A sample of `source`, by its number there: `true` is the class that it has there, which stays, `label` the class
    that the user gave, and `dataset` the name of the dataset that the image was added to."""

    source: str
    sample: int
    true: str
    predicted: str
    label: str
    dataset: str
