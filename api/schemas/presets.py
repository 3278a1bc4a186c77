"""Presets: experiments to start from."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from pydantic import Field

from api.schemas.answer import Answer, ItemList
from specs.experiment import parse_spec
from specs.layers import layer_document
from specs.presets import PRESETS


class MeasuredView(Answer):
    """What a preset reached on the test split of its dataset: the mean accuracy of so many seeds, and the CPU time of
    one training, from the shortest to the longest. How it was measured: docs/accuracy.md."""

    test_accuracy: float = Field(ge=0, le=1)
    seeds: int = Field(ge=1)
    cpu_seconds: tuple[float, float]


class PresetView(Answer):
    """An experiment to start from. `source` is the number of the document that it comes from, or "trainyard";
    `parameters` counts those of its network; `spec` is an ExperimentSpec as it was written, without defaults. `layers`
    are the network, as `model.layers` of a spec has them: in place of `model.preset` they can be changed. `measured` is
    null where its images are unavailable."""

    name: str
    title: str
    source: str
    parameters: int
    spec: Mapping[str, Any]
    layers: list[dict[str, Any]]
    measured: MeasuredView | None


class PresetList(ItemList[PresetView]):
    """All presets."""


@cache
def preset_list() -> PresetList:
    """Presets never change; their networks are built once."""
    return PresetList(
        items=[
            PresetView(
                name=preset.name,
                title=preset.title,
                source=preset.source,
                parameters=parse_spec(preset.spec, preset.datasets).network.parameters.total,
                spec=preset.spec,
                layers=[layer_document(each) for each in preset.layers],
                measured=None if preset.measured is None else MeasuredView(**asdict(preset.measured)),
            )
            for preset in PRESETS.values()
        ]
    )
