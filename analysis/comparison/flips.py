"""Flipped samples: those that one network got right and another wrong."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from analysis.comparison.pairing import Rows
from analysis.comparison.results import Result
from analysis.misclassified import Label, class_probability, true_label
from models_store.predictions.class_probability import ClassProbability

# From the id of an experiment and a row of its split to the URL of the sample's image.
FlipImageUrl = Callable[[str, int], str]


class Flip(BaseModel):
    """A sample that one network got right and the other wrong. `index` counts within the split of the first
    experiment, `sample` within the dataset; `image` is null if samples are not images."""

    index: int
    sample: int
    true: Label
    first: ClassProbability
    other: ClassProbability
    image: str | None


class Flips(BaseModel):
    items: list[Flip]
    total: int


class Side(NamedTuple):
    """One of two experiments, and the rows of the flipped samples in its split."""

    result: Result
    rows: Rows

    @property
    def confidence(self) -> NDArray[np.float64]:
        """(rows,) the probability of the predicted class."""
        predictions = self.result.predictions
        return np.asarray(predictions.probabilities[self.rows, predictions.predicted[self.rows]], dtype=np.float64)

    def prediction(self, position: int) -> ClassProbability:
        row, predictions = int(self.rows[position]), self.result.predictions
        return class_probability(self.result.labels, predictions, row, int(predictions.predicted[row]))

    def image(self, position: int, image_url: FlipImageUrl) -> str | None:
        has_images = len(self.result.predictions.image_rows) > 0
        return image_url(self.result.record.id, self.result.split_row(int(self.rows[position]))) if has_images else None


def list_flips(first: Side, other: Side, wrong: Side, limit: int, image_url: FlipImageUrl) -> Flips:
    """The rows of `first` and `other` are the same samples in the same order; `wrong` is the one of them that got these
    wrong. The most confident errors come first, each with the image that `wrong` has kept."""
    positions = np.argsort(-wrong.confidence, kind="stable")[:limit].tolist()
    predictions, labels = first.result.predictions, first.result.labels
    return Flips(
        items=[
            Flip(
                index=first.result.split_row(int(first.rows[position])),
                sample=int(predictions.samples[first.rows[position]]),
                true=true_label(labels, predictions, int(first.rows[position])),
                first=first.prediction(position),
                other=other.prediction(position),
                image=wrong.image(position, image_url),
            )
            for position in positions
        ],
        total=len(first.rows),
    )
