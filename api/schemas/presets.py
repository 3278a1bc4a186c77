"""Presets: experiments to start from."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from api.schemas.answer import Answer, ItemList
from specs.experiment import parse_spec
from specs.layers import layer_document
from specs.presets import PRESETS


class PresetView(Answer):
    """An experiment to start from. `source` is the number of the document that it comes from, or "trainyard";
    `parameters` counts those of its network; `spec` is an ExperimentSpec as it was written, without defaults. `layers`
    are the network, as `model.layers` of a spec has them: in place of `model.preset` they can be changed."""

    name: str
    title: str
    source: str
    parameters: int
    spec: Mapping[str, Any]
    layers: list[dict[str, Any]]


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
            )
            for preset in PRESETS.values()
        ]
    )
