"""One entry of `config.layers`: which layer, under which name, with which arguments."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import ValidationError

from specs.assembly import AnyLayer, Place
from specs.explanation import problems_of
from specs.keras_document.arguments import arguments_of, check_dtype
from specs.layers import Add, Average, Concatenate, Dense, Maximum, Multiply, PlainLayer, Shape, Subtract, times
from specs.problem import shortened, shown
from specs.schema import FieldError
from specs.spelling import did_you_mean

_CLASSES: Mapping[str, type[AnyLayer]] = {
    each.__name__: each for each in (*get_args(PlainLayer), Add, Subtract, Multiply, Average, Maximum, Concatenate)
}
_MODELS = ("Sequential", "Functional", "Model")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")
_OURS = "trainyard_"
_MAX_AXES = 5  # no sample has as many; longer lists would only make long sentences


@dataclass(frozen=True, slots=True)
class Entry:
    """A layer of the document; `layer` is None for the InputLayer, whose `shape` is what it says of a sample."""

    name: str
    layer: AnyLayer | None
    place: Place
    inbound: Any = None
    shape: tuple[int | None, ...] | None = None

    def check_shape(self, input_shape: Shape) -> None:
        """Raises FieldError where the InputLayer expects other samples than the network receives."""
        expected = self.shape or ()
        agrees = len(expected) == len(input_shape) and all(
            one in (None, other) for one, other in zip(expected, input_shape, strict=True)
        )
        if not agrees:
            said = "x".join(str(side or "any") for side in expected)
            raise self.place.blaming(
                FieldError(
                    ("batch_shape",),
                    f"expects {said}, but the network receives {times(input_shape)}; change the shape here, or "
                    "`dataset` and `preprocessing`",
                )
            )


def entry_of(document: Any, index: int) -> Entry:
    """Raises FieldError with a path from the Keras document."""
    path = ("config", "layers", index)
    where = f"keras.config.layers[{index}]"
    if not isinstance(document, dict):
        raise FieldError(
            path, f"{where}: expected an object with `class_name` and `config`, received {shown(document)}"
        )
    place = Place((*path, "config"), (*path, "class_name"), _words(where, document))
    try:
        return _entry(document, place)
    except FieldError as error:
        raise place.blaming(error) from None


def _entry(document: Mapping[str, Any], place: Place) -> Entry:
    class_name, config = _class_name(document), document.get("config", {})
    if not isinstance(config, dict):
        raise FieldError((), f"expected an object as `config`, received {shown(config)}")
    name, inbound = _name(config, document), document.get("inbound_nodes")
    if class_name == "InputLayer":
        return Entry(name, None, place, inbound, _input_shape(config))
    return Entry(name, _layer(config, _CLASSES[class_name]), place, inbound)


def _words(where: str, document: Mapping[str, Any]) -> str:
    """`keras.config.layers[3] Lambda `lambda_1``, with as much of it as there is."""
    config = document.get("config")
    name = config.get("name") if isinstance(config, dict) else None
    called = f" `{shortened(name)}`" if isinstance(name, str) else ""
    class_name = document.get("class_name")
    return f"{where} {shortened(class_name)}{called}" if isinstance(class_name, str) else f"{where}{called}"


def _class_name(document: Mapping[str, Any]) -> str:
    name = document.get("class_name")
    if not isinstance(name, str):
        raise FieldError(("type",), f"expected the name of a layer as `class_name`, received {shown(name)}")
    if name in _MODELS:
        raise FieldError(("type",), "a model inside a model is not supported; write its layers one by one")
    known = ["InputLayer", *_CLASSES]
    if name not in known:
        raise FieldError(("type",), f"is not supported; {did_you_mean(name, known)}known: {', '.join(known)}")
    module, registered = document.get("module"), document.get("registered_name")
    if module not in ("keras.layers", None):
        raise FieldError(("type",), f"its module {shown(module)} is not keras.layers; only built-in layers are taken")
    if registered not in (name, None):
        raise FieldError(
            ("type",),
            f"its registered name {shown(registered)} is of a class of your own; only built-in layers are taken",
        )
    return name


def _name(config: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    name = config.get("name")
    if not isinstance(name, str) or not _NAME.match(name):
        raise FieldError(
            ("name",),
            f"expected 1 to 64 letters, digits, `_`, `-` or `.` as `name`, the first a letter or digit, received "
            f"{shown(name)}",
        )
    if name.startswith(_OURS):
        raise FieldError(("name",), f"names that start with {_OURS} are kept for our own layers; choose another")
    if document.get("name", name) != name:
        raise FieldError(("name",), f"the entry itself is named {shown(document['name'])}; make the two names equal")
    return name


def _input_shape(config: Mapping[str, Any]) -> tuple[int | None, ...]:
    batch_shape = config.get("batch_shape")
    if not _is_batch_shape(batch_shape):
        raise FieldError(
            ("batch_shape",),
            "expected null for the batch and then the shape of a sample as `batch_shape`, such as [null, 28, 28, 1], "
            f"received {shown(batch_shape)}",
        )
    for name in ("sparse", "ragged", "optional"):
        if config.get(name) not in (False, None):
            raise FieldError((name,), f"`{name}` {shown(config[name])} is not supported; expected false")
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
        raise FieldError(("units",), "`units` is missing; a Keras document says how many of every Dense")
    try:
        return layer.model_validate(arguments)
    except ValidationError as error:
        problem = problems_of(error, arguments, layer)[0]
        # What we have converted has another shape than the document below its argument.
        raise FieldError(tuple(problem.pointer.split("/")[1:2]), problem.detail) from None
