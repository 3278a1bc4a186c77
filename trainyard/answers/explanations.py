"""Why a network answered what it did."""

import base64

from trainyard.answers.base import Answer
from trainyard.answers.evaluations import ClassProbability, Label
from trainyard.answers.models import AnsweringModel
from trainyard.figure import PNG, Figure


class HiddenPlace(Answer):
    """A place of an image by `row` and `column` of the grid, and its `region`, such as `upper_left`. With it hidden,
    the class that is explained has `probability`, and the network answers `answer`."""

    row: int
    column: int
    region: str
    probability: float
    answer: ClassProbability


class Occlusion(Label):
    """How much the `probability` of a class falls when a patch of the image is hidden: `drops` by row and column of a
    grid of cells of `stride` pixels, with the `patch` pixels around each hidden by the `background`. `most_important`
    is the place with the largest drop, None where none makes it fall. `image`, a data URL, shows the map."""

    method: str
    probability: float
    patch: int
    stride: int
    background: list[int]
    drops: list[list[float]]
    most_important: HiddenPlace | None = None
    image: str

    @property
    def figure(self) -> Figure:
        """The map over what the network saw: orange speaks for the class, blue against it."""
        return Figure(base64.b64decode(self.image.partition(",")[2]), PNG)


class Explanation(Answer):
    """Why `model` answers what it does to one image."""

    model: AnsweringModel
    explanation: Occlusion
    duration_ms: float
