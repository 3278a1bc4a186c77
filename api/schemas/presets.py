"""Presets: experiments to start from."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from api.schemas.answer import Answer, ItemList
from specs.experiment import parse_spec
from specs.presets import PRESETS


class PresetView(Answer):
    """An experiment to start from. `source` is the number of the document that it comes from, or "trainyard";
    `parameters` counts those of its network; `spec` is an ExperimentSpec as it was written, without defaults."""

    name: str
    title: str
    source: str
    parameters: int
    spec: Mapping[str, Any]


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
            )
            for preset in PRESETS.values()
        ]
    )
