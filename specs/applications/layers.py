"""The layers of an application: its scaling of pixels, its own layers, and the head for the classes at hand."""

import gzip
import json
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Literal

from specs.applications.catalog import APPLICATIONS, ApplicationName
from specs.assembly import INPUT, AnyLayer, LayerLocation, NamedLayer
from specs.keras_document import read_keras_model
from specs.layers import Dense, GlobalAveragePooling2D, GlobalMaxPooling2D

Pooling = Literal["avg", "max"]
HEAD = "predictions"
_SCALING = "preprocessing"
_PATH = ("application",)


def application_layers(name: ApplicationName, pooling: Pooling, classes: int) -> tuple[NamedLayer, ...]:
    """The layers of the application without its classifier, each after those that it receives from, then the pooling
    and a Dense with softmax, `HEAD`. Errors of all of them are those of `application`."""
    body = _body(name)
    pool = GlobalAveragePooling2D() if pooling == "avg" else GlobalMaxPooling2D()
    last = len(body)
    return (
        *body,
        _named(f"{pooling}_pool", pool, last - 1),
        _named(HEAD, Dense(units=classes, activation="softmax"), last),
    )


@cache
def _body(name: ApplicationName) -> tuple[NamedLayer, ...]:
    """What Keras writes of the application (tests/support/application_documents.py)."""
    packed = files("specs.applications").joinpath("documents", f"{name}.json.gz").read_bytes()
    own = read_keras_model(json.loads(gzip.decompress(packed))).layers
    scaling = APPLICATIONS[name].scaling
    before = () if scaling is None else (_named(_SCALING, scaling, INPUT),)
    return (*before, *(_shifted(layer, len(before)) for layer in own))


def _shifted(layer: NamedLayer, by: int) -> NamedLayer:
    """With `by` layers before it."""
    inputs = tuple(each + by for each in layer.inputs)
    return replace(layer, inputs=inputs, location=_location(f"{layer.layer.type} `{layer.name}`"))


def _named(name: str, layer: AnyLayer, source: int) -> NamedLayer:
    return NamedLayer(name, layer, (source,), _location(f"{layer.type} `{name}`"))


def _location(label: str) -> LayerLocation:
    return LayerLocation((), (), label)
