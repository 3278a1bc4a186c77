"""Reads a Keras model document into our layers. Keras itself never reads it: a document can name any code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from specs import limits
from specs.assembly import INPUT, NamedLayer
from specs.keras_document.arguments import check_dtype, check_trainable
from specs.keras_document.graph import check_used, index_of_end, inputs_of, topological_order
from specs.keras_document.layer import KerasLayer, read_layer
from specs.layers import Merge, Shape
from specs.problem import format_value, shorten
from specs.schema import FieldError

# The last three are ignored: how the model was built and compiled, and by which release of Keras.
_MEMBERS = ("class_name", "config", "module", "registered_name", "build_config", "compile_config", "keras_version")
_FUNCTIONAL = ("Functional", "Model")


@dataclass(frozen=True)
class KerasModel:
    """A model without Keras. Each layer comes after those that it receives from; the last one is the output."""

    layers: tuple[NamedLayer, ...]
    input_layer: KerasLayer | None

    def check_input(self, input_shape: Shape) -> None:
        """Raise FieldError if the document declares another input shape."""
        if self.input_layer is not None:
            self.input_layer.check_shape(input_shape)


def read_keras_model(document: Mapping[str, Any]) -> KerasModel:
    """Read a Sequential or Functional model of built-in layers. Raises FieldError, with a path from the document.

    `document` holds plain values only: see `plain_document`.
    """
    class_name = _class_name(document)
    config = document.get("config")
    if not isinstance(config, dict):
        raise FieldError(("config",), f"expected an object as `config`, received {format_value(config)}")
    _check_config(config)
    entries = _entries(config.get("layers"))
    return _functional(entries, config) if class_name in _FUNCTIONAL else _sequential(entries)


def _class_name(document: Mapping[str, Any]) -> str:
    unknown = [name for name in document if name not in _MEMBERS]
    if unknown:
        raise FieldError((unknown[0],), f"unknown field `{shorten(unknown[0])}`; known here: {', '.join(_MEMBERS)}")
    name, registered, module = (document.get(each) for each in ("class_name", "registered_name", "module"))
    if not isinstance(name, str) or name not in ("Sequential", *_FUNCTIONAL):
        raise FieldError(
            ("class_name",), f"expected Sequential or Functional as `class_name`, received {format_value(name)}"
        )
    if registered not in (name, None):
        detail = f"the registered name {format_value(registered)} is a custom class; only built-in models are supported"
        raise FieldError(("registered_name",), detail)
    if module is not None and (not isinstance(module, str) or module.split(".")[0] != "keras"):
        raise FieldError(
            ("module",), f"the module {format_value(module)} is not Keras's; only built-in models are supported"
        )
    return name


def _check_config(config: Mapping[str, Any]) -> None:
    try:
        check_dtype(config.get("dtype"))
        check_trainable(config)
    except FieldError as error:
        raise error.with_prefix("config", label="keras.config: ") from None


def _entries(layers: Any) -> list[KerasLayer]:
    path = ("config", "layers")
    if not isinstance(layers, list):
        raise FieldError(path, f"expected a list as `layers`, received {format_value(layers)}")
    if len(layers) > limits.LAYERS + 1:
        raise FieldError(path, f"received {len(layers):,} layers, which exceeds the limit of {limits.LAYERS}")
    entries = [read_layer(layer, index) for index, layer in enumerate(layers)]
    if all(entry.layer is None for entry in entries):
        raise FieldError(path, "expected at least one layer, for instance a Flatten and a Dense")
    _check_names(entries)
    return entries


def _check_names(entries: Sequence[KerasLayer]) -> None:
    first: dict[str, KerasLayer] = {}
    for entry in entries:
        other = first.setdefault(entry.name, entry)
        if other is not entry:
            raise entry.location.locate(
                FieldError(("name",), f"has the same name as {other.label}; rename one of them")
            )


def _sequential(entries: Sequence[KerasLayer]) -> KerasModel:
    head = entries[0] if entries[0].layer is None else None
    layers: list[NamedLayer] = []
    for entry in entries[1:] if head else entries:
        if entry.layer is None:
            raise entry.location.locate(FieldError(("type",), "must be the first layer; remove this one"))
        if isinstance(entry.layer, Merge):
            raise entry.location.locate(FieldError(("type",), "has only one input in a Sequential; use a Functional"))
        layers.append(NamedLayer(entry.name, entry.layer, (len(layers) - 1,), entry.location))
    return KerasModel(tuple(layers), head)


def _functional(entries: Sequence[KerasLayer], config: Mapping[str, Any]) -> KerasModel:
    heads = [entry for entry in entries if entry.layer is None]
    if len(heads) != 1:
        raise FieldError(("config", "layers"), f"expected one InputLayer, received {len(heads)}")
    names = {entry.name: index for index, entry in enumerate(entries)}
    inputs = [inputs_of(entry, index, names) for index, entry in enumerate(entries)]
    if entries[index_of_end(config, "input_layers", names)] is not heads[0]:
        raise FieldError(("config", "input_layers"), f"expected the InputLayer `{heads[0].name}`")
    order = topological_order(entries, inputs)
    check_used(entries, inputs, index_of_end(config, "output_layers", names))
    return KerasModel(_named_layers(entries, inputs, order), heads[0])


def _named_layers(
    entries: Sequence[KerasLayer], inputs: Sequence[tuple[int, ...]], order: Sequence[int]
) -> tuple[NamedLayer, ...]:
    positions: dict[int, int] = {}
    layers: list[NamedLayer] = []
    for index in order:
        entry = entries[index]
        if entry.layer is None:
            positions[index] = INPUT
            continue
        received = tuple(positions[each] for each in inputs[index])
        positions[index] = len(layers)
        layers.append(NamedLayer(entry.name, entry.layer, received, entry.location))
    return tuple(layers)
