"""Specs with the layers of their presets spelled out, so that networks can be compared."""

from typing import Any

from specs.dataset import DATASETS
from specs.layers import Layer
from specs.network_builder import complete_layers
from specs.presets import PRESETS

Document = dict[str, Any]


def spell_out(before: Document, after: Document) -> tuple[Document, Document]:
    """Two specs, as JSON, in which the layers of each preset stand as `model.layers`; unchanged if both have the same
    preset, or if one has a network that has no list of layers."""
    models = [document.get("model") or {} for document in (before, after)]
    presets = [model.get("preset") for model in models]
    if presets[0] == presets[1] or any(_layers(document) is None for document in (before, after)):
        return before, after
    return _with_layers(before), _with_layers(after)


def _with_layers(document: Document) -> Document:
    return {**document, "model": {**document["model"], "layers": _layers(document)}}


def _layers(document: Document) -> list[Any] | None:
    model = document.get("model") or {}
    preset = model.get("preset")
    if preset is None:
        return model.get("layers")
    if preset not in PRESETS:
        return None  # of another version
    layers: tuple[Layer, ...] = PRESETS[preset].layers
    classes = _classes(document.get("dataset") or {})
    complete = layers if classes is None else complete_layers(layers, classes)
    return [layer.model_dump(mode="json") for layer in complete]


def _classes(dataset: Document) -> int | None:
    """None for all classes of an uploaded dataset."""
    if dataset.get("classes"):
        return len(dataset["classes"])
    if dataset.get("blobs"):
        return int(dataset["blobs"]["centers"])
    name = dataset.get("name", "digits")
    return len(DATASETS[name].classes) if name in DATASETS else None
