"""What a preset is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from specs.dataset import DATASETS, Dataset
from specs.layers import Layer


@dataclass(frozen=True, slots=True)
class Preset:
    """`layers` is the network that `model: {preset: <name>}` stands for; `spec` a whole experiment with it.

    `source` is the number of the document that it comes from, or "trainyard" for one of our own. `upload` is the
    dataset
     that the spec names but the user is still to upload, as it is imagined here.
    """

    name: str
    title: str
    source: str
    layers: tuple[Layer, ...]
    spec: Mapping[str, Any]
    upload: Dataset | None = None

    @property
    def datasets(self) -> Mapping[str, Dataset]:
        """With which `spec` validates: the built-in ones and `upload`."""
        return DATASETS if self.upload is None else {**DATASETS, self.upload.name: self.upload}


def spec_of(name: str, dataset: Mapping[str, Any], scale: str, training: Mapping[str, Any]) -> dict[str, Any]:
    """A whole experiment with the preset `name`."""
    return {
        "name": name,
        "dataset": dict(dataset),
        "preprocessing": {"scale": scale},
        "model": {"preset": name},
        "training": dict(training),
    }
