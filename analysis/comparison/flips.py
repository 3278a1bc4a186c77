"""The samples that one network got right and another wrong, for people to look at."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from analysis.comparison.answers import Flip, Flips
from analysis.comparison.pairing import Rows
from analysis.comparison.results import Result
from api.routes.results import Guess, Label
from api.wire.sample_images import image_path
from specs.splits import SplitName


class Side(NamedTuple):
    """One of the two, and the rows of the flipped samples in its split."""

    result: Result
    rows: Rows

    @property
    def is_wrong(self) -> bool:
        answers = self.result.predictions
        return bool(np.any(answers.predicted[self.rows] != answers.truth[self.rows]))

    @property
    def sureness(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        answers = self.result.predictions
        return np.asarray(answers.probabilities[self.rows, answers.predicted[self.rows]], dtype=np.float64)

    def guess(self, place: int) -> Guess:
        answers, row = self.result.predictions, self.rows[place]
        index = int(answers.predicted[row])
        probability = float(answers.probabilities[row, index])
        return Guess(label=self.result.labels[index], index=index, probability=probability)

    def image_of(self, place: int, split: SplitName) -> str | None:
        return image_path(self.result.record.id, split, int(self.rows[place]), self.result.predictions)


def flips(first: Side, other: Side, split: SplitName, limit: int) -> Flips:
    """The rows of both are the same samples in the same order, which one of them got wrong. The surest mistakes come
    first, with the image that the one who was wrong has kept."""
    wrong = first if first.is_wrong else other
    places = np.argsort(-wrong.sureness, kind="stable")[:limit].tolist()
    answers = first.result.predictions
    return Flips(
        items=[
            Flip(
                index=int(first.rows[place]),
                sample=int(answers.samples[first.rows[place]]),
                true=_label(first.result.labels, int(answers.truth[first.rows[place]])),
                first=first.guess(place),
                other=other.guess(place),
                image=wrong.image_of(place, split),
            )
            for place in places
        ],
        total=len(first.rows),
    )


def _label(labels: Sequence[str], index: int) -> Label:
    return Label(label=labels[index], index=index)
