"""Explanations, as answers have them."""

from dataclasses import dataclass
from typing import Literal

from models_store.predictions.class_probability import ClassProbability

Region = Literal["upper_left", "upper", "upper_right", "left", "center", "right", "lower_left", "lower", "lower_right"]


@dataclass
class HiddenPlace:
    """A place of the grid, by `row` and `column` from 0, and in which `region` of the image's content it lies. With it
    hidden, the class that is explained has `probability`, and the network answers `answer`."""

    row: int
    column: int
    region: Region
    probability: float
    answer: ClassProbability


@dataclass
class Occlusion:
    """How much the `probability` of the class `label` falls when a patch of the image is hidden (Zeiler and Fergus
    2014). `drops` has the rows of a grid of square cells of `stride` pixels: how much it falls with the `patch` pixels
    around the cell hidden, below 0 where it rises. What hides is the `background` of the image, for each channel the
    median at its edge. `most_important` is the place with the largest drop, null where none makes it fall. `image`
    shows the map over what the network saw, as a data URL: orange speaks for the class, blue against it."""

    method: Literal["occlusion"]
    label: str
    index: int
    probability: float
    patch: int
    stride: int
    background: list[int]
    drops: list[list[float]]
    most_important: HiddenPlace | None
    image: str
