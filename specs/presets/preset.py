"""The Preset class."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from specs.dataset import DATASETS, Dataset
from specs.layers import Layer


@dataclass(frozen=True, slots=True)
class Measured:
    """What `spec` reached on the test split of its dataset, as docs/accuracy.md describes: the mean of so many seeds,
    and the CPU time of one training, from the shortest to the longest."""

    test_accuracy: float
    seeds: int
    cpu_seconds: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Preset:
    """`layers` is the network of `model: {preset: <name>}`; `spec` is a complete experiment with it. A preset without
    layers stands for the `model` of its spec, which names an application.

    `source` is the number of the document that describes it, or "trainyard" for our own. `upload` is a stand-in for the
    dataset that the spec names and the user uploads. `measured` is None where its images are unavailable.
    """

    name: str
    title: str
    source: str
    layers: tuple[Layer, ...]
    spec: Mapping[str, Any]
    upload: Dataset | None = None
    measured: Measured | None = None

    @property
    def datasets(self) -> Mapping[str, Dataset]:
        """The datasets with which `spec` validates: the built-in ones and `upload`."""
        return DATASETS if self.upload is None else {**DATASETS, self.upload.name: self.upload}


def preset_spec(name: str, dataset: Mapping[str, Any], scale: str, training: Mapping[str, Any]) -> dict[str, Any]:
    """A complete experiment with the preset `name`."""
    return {
        "name": name,
        "dataset": dict(dataset),
        "preprocessing": {"scale": scale},
        "model": {"preset": name},
        "training": dict(training),
    }
