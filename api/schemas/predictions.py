"""Answers about images that were sent to be classified."""

from pydantic import Field

from api.schemas.answer import Answer, is_none
from serving.answering_model import AnsweringModel
from serving.served_model import Verdict


class TopClass(Answer):
    label: str
    index: int
    probability: float


class Preprocessing(Answer):
    """`steps` were applied to the image, in order; with `explain`, `image` is what the network saw, as a data URL."""

    steps: list[str]
    image: str | None = Field(default=None, exclude_if=is_none)


class Prediction(Answer):
    """`id` is what `POST /predictions/{id}/label` takes, as long as the prediction is kept. `margin` is the difference
    between the probabilities of the first two classes.

    `confident`: on the validation split at most one of 200 such answers was wrong. `not_a_digit`: the image that was
    sent to a network of digits shows none; `top` is what it would be if it were one.
    """

    id: str
    filename: str
    top: list[TopClass]
    margin: float
    verdict: Verdict
    preprocessing: Preprocessing


class Predictions(Answer):
    model: AnsweringModel
    predictions: list[Prediction]
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
    """`predicted` is the class that the model of `experiment_id` chose, `label` the class that the image was said to
    show, and `dataset` the name of the dataset that it was added to."""

    prediction_id: str
    experiment_id: str
    predicted: str
    probability: float
    label: str
    dataset: str
