"""Reads one entry of `config.layers`: the class, name and arguments of a layer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import ValidationError

from specs.assembly import AnyLayer, LayerLocation
from specs.explanation import problems_of
from specs.keras_document.arguments import arguments_of, check_dtype
from specs.layers import Add, Average, Concatenate, Dense, Maximum, Multiply, PlainLayer, Shape, Subtract, times
from specs.problem import format_value, shorten
from specs.schema import FieldError
from specs.spelling import did_you_mean

_CLASSES: Mapping[str, type[AnyLayer]] = {
    each.__name__: each for each in (*get_args(PlainLayer), Add, Subtract, Multiply, Average, Maximum, Concatenate)
}
_MODELS = ("Sequential", "Functional", "Model")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")
_RESERVED_PREFIX = "trainyard_"
_MAX_AXES = 5  # no sample has more; longer lists would only make long messages


@dataclass(frozen=True, slots=True)
class KerasLayer:
    """A layer of the document. For the InputLayer, `layer` is None and `shape` is the declared shape of a sample."""

    name: str
    layer: AnyLayer | None
    location: LayerLocation
    inbound: Any = None
    shape: tuple[int | None, ...] | None = None

    @property
    def label(self) -> str:
        return self.location.label

    def check_shape(self, input_shape: Shape) -> None:
        """Raise FieldError if the InputLayer declares another shape than the network receives."""
        expected = self.shape or ()
        agrees = len(expected) == len(input_shape) and all(
            one in (None, other) for one, other in zip(expected, input_shape, strict=True)
        )
        if not agrees:
            declared = "x".join(str(side or "any") for side in expected)
            raise self.location.locate(
                FieldError(
                    ("batch_shape",),
                    f"declares {declared}, but the network receives {times(input_shape)}; change `batch_shape`, or "
                    "`dataset` and `preprocessing`",
                )
            )


def read_layer(document: Any, index: int) -> KerasLayer:
    """Read the layer at `index`. Raises FieldError with a path from the Keras document."""
    path = ("config", "layers", index)
    label = f"keras.config.layers[{index}]"
    if not isinstance(document, dict):
        raise FieldError(
            path, f"{label}: expected an object with `class_name` and `config`, received {format_value(document)}"
        )
    location = LayerLocation((*path, "config"), (*path, "class_name"), _label(label, document))
    try:
        return _read(document, location)
    except FieldError as error:
        raise location.locate(error) from None


def _read(document: Mapping[str, Any], location: LayerLocation) -> KerasLayer:
    class_name, config = _class_name(document), document.get("config", {})
    if not isinstance(config, dict):
        raise FieldError((), f"expected an object as `config`, received {format_value(config)}")
    name, inbound = _name(config, document), document.get("inbound_nodes")
    if class_name == "InputLayer":
        return KerasLayer(name, None, location, inbound, _input_shape(config))
    return KerasLayer(name, _layer(config, _CLASSES[class_name]), location, inbound)


def _label(position: str, document: Mapping[str, Any]) -> str:
    """For instance "keras.config.layers[3] Lambda `lambda_1`", without what the document lacks."""
    config = document.get("config")
    name = config.get("name") if isinstance(config, dict) else None
    quoted = f" `{shorten(name)}`" if isinstance(name, str) else ""
    class_name = document.get("class_name")
    return f"{position} {shorten(class_name)}{quoted}" if isinstance(class_name, str) else f"{position}{quoted}"


def _class_name(document: Mapping[str, Any]) -> str:
    name = document.get("class_name")
    if not isinstance(name, str):
        raise FieldError(("type",), f"expected the name of a layer as `class_name`, received {format_value(name)}")
    if name in _MODELS:
        raise FieldError(("type",), "nested models are not supported; write their layers one by one")
    known = ["InputLayer", *_CLASSES]
    if name not in known:
        raise FieldError(("type",), f"is not supported; {did_you_mean(name, known)}known: {', '.join(known)}")
    module, registered = document.get("module"), document.get("registered_name")
    if module not in ("keras.layers", None):
        raise FieldError(
            ("type",), f"the module {format_value(module)} is not keras.layers; only built-in layers are supported"
        )
    if registered not in (name, None):
        raise FieldError(
            ("type",),
            f"the registered name {format_value(registered)} is a custom class; only built-in layers are supported",
        )
    return name


def _name(config: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    name = config.get("name")
    if not isinstance(name, str) or not _NAME.match(name):
        raise FieldError(
            ("name",),
            f"expected 1 to 64 letters, digits, `_`, `-` or `.` as `name`, starting with a letter or digit, received "
            f"{format_value(name)}",
        )
    if name.startswith(_RESERVED_PREFIX):
        raise FieldError(("name",), f"names that start with {_RESERVED_PREFIX} are reserved; choose another")
    if document.get("name", name) != name:
        raise FieldError(
            ("name",), f"differs from the name of the entry, {format_value(document['name'])}; make them equal"
        )
    return name


def _input_shape(config: Mapping[str, Any]) -> tuple[int | None, ...]:
    batch_shape = config.get("batch_shape")
    if not _is_batch_shape(batch_shape):
        raise FieldError(
            ("batch_shape",),
            "expected null for the batch and then the shape of a sample as `batch_shape`, such as [null, 28, 28, 1], "
            f"received {format_value(batch_shape)}",
        )
    for name in ("sparse", "ragged", "optional"):
        if config.get(name) not in (False, None):
            raise FieldError((name,), f"`{name}` {format_value(config[name])} is not supported; expected false")
    if config.get("dtype") != "uint8":
        check_dtype(config.get("dtype"))
    return tuple(config["batch_shape"][1:])


def _is_batch_shape(value: Any) -> bool:
    if not isinstance(value, list) or not 2 <= len(value) <= _MAX_AXES or value[0] is not None:
        return False
    return all(side is None or (type(side) is int and side >= 1) for side in value[1:])


def _layer(config: Mapping[str, Any], layer: type[AnyLayer]) -> AnyLayer:
    arguments = arguments_of(config, layer)
    if layer is Dense and arguments.get("units") is None:
        raise FieldError(("units",), "`units` is missing; a Keras document gives the units of every Dense")
    try:
        return layer.model_validate(arguments)
    except ValidationError as error:
        problem = problems_of(error, arguments, layer)[0]
        # Below its argument the document may have another form than our converted value.
        raise FieldError(tuple(problem.pointer.split("/")[1:2]), problem.detail) from None
