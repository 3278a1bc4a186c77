"""One class of a prediction, with its probability."""

from dataclasses import dataclass


@dataclass
class ClassProbability:
    """`index` is the place of the class `label` among the network's outputs. `probability` is from 0 to 1."""

    label: str
    index: int
    probability: float
