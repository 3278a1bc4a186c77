"""Reads one entry of a model's `layers`: its class, its name, and the shape that it declares."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, cast

from specs.assembly import LayerLocation
from specs.keras_document.arguments import axis_of, check_dtype, trainable_of
from specs.keras_document.classes import INPUT_LAYER, MODELS, WITH_AXIS, layer_class, layer_class_or_none
from specs.keras_document.operations import is_operation
from specs.keras_document.parts import COMPOSED, Part, read_parts
from specs.keras_objects import is_of_keras
from specs.layers import Merge
from specs.problem import FieldPath, format_value, shorten
from specs.schema import FieldError, Findings

_NAME_CHARACTERS = 64
_FOREIGN = re.compile(r"[^A-Za-z0-9_.-]")
# As Keras has it: `p_re_lu` of PReLU, `conv2d_transpose` of Conv2DTranspose.
_HUMPS = (re.compile("(.)([A-Z][a-z]+)"), re.compile("([a-z])([A-Z])"))
_START = re.compile(r"[A-Za-z0-9]")
_RESERVED = "trainyard"  # alone and before an underscore: the name of a model or layer may start that of another one
_MAX_AXES = 5  # no sample has more; longer lists would only make long messages
_INPUT_DTYPES = ("float32", "uint8", "int32", "int64", "float64", None)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of `layers`, without its arguments: `name` is as the document writes it."""

    name: str
    class_name: str
    config: Mapping[str, Any]
    document: Mapping[str, Any]
    location: LayerLocation

    @property
    def label(self) -> str:
        return self.location.label

    @property
    def is_input(self) -> bool:
        return self.class_name == INPUT_LAYER

    @property
    def is_model(self) -> bool:
        return self.class_name in MODELS

    @property
    def is_operation(self) -> bool:
        return is_operation(self.document)


def name_layers(documents: Sequence[Any]) -> list[Any]:
    """Layers written by hand with the names that Keras gives to those that have none: `dense`, `dense_1`, ..."""
    taken = {name for document in documents if isinstance(name := _given_name(document), str)}

    def add_name(document: dict[str, Any]) -> dict[str, Any]:
        stem = _snake_case(document["class_name"])
        free = (f"{stem}_{number}" if number else stem for number in count())
        name = next(name for name in free if name not in taken)
        taken.add(name)
        return {**document, "config": {**document.get("config", {}), "name": name}}

    return [add_name(document) if _is_nameless(document) else document for document in documents]


def _snake_case(class_name: str) -> str:
    for hump in _HUMPS:
        class_name = hump.sub(r"\1_\2", class_name)
    return class_name.lower()


def _given_name(document: Any) -> Any:
    config = document.get("config") if isinstance(document, dict) else None
    return config.get("name") if isinstance(config, dict) else None


def _is_nameless(document: Any) -> bool:
    if not isinstance(document, dict) or not isinstance(document.get("class_name"), str):
        return False
    config = document.get("config", {})
    return isinstance(config, dict) and "name" not in config and "name" not in document


def read_entry(document: Any, path: FieldPath, label: str) -> Entry:
    """Read class and name of the entry at `path`. Raises FieldErrors with paths from the Keras document."""
    if not isinstance(document, dict):
        raise FieldError(
            path, f"{label}: expected an object with `class_name` and `config`, received {format_value(document)}"
        )
    location = LayerLocation((*path, "config"), (*path, "class_name"), _label(label, document))
    findings = Findings()
    config = document.get("config", {})
    class_name = name = ""
    if isinstance(config, dict):
        with findings.collect(location.locate):
            class_name = _class_name(document)
        with findings.collect(location.locate):
            name = _name(config, document)
    else:
        detail = f"expected an object as `config`, received {format_value(config)}"
        findings.add(location.locate(FieldError((), detail)))
    if class_name not in MODELS and isinstance(config, dict) and not is_operation(document) and findings.errors:
        # Its arguments are read all the same, so that all its errors are reported together.
        with findings.collect(location.locate):
            if layer_class_or_none(class_name) is not None:
                read_parts(class_name, config)
    findings.check()
    return Entry(name, class_name, config, document, location)


def parts_of(entry: Entry) -> tuple[Part, ...]:
    """The layers that the entry consists of, nearly always one. Raises FieldErrors with paths from the document."""
    findings = Findings()
    parts: tuple[Part, ...] = ()
    with findings.collect(entry.location.locate):
        parts = read_parts(entry.class_name, entry.config)
    findings.check()
    return parts


def axis_in(entry: Entry) -> int | None:
    """Where the entry says that the channels are. Raises FieldError with a path from the document."""
    layer = None if entry.is_operation else layer_class_or_none(entry.class_name)
    if layer is None or not issubclass(layer, WITH_AXIS):
        return None
    try:
        return axis_of(entry.config)
    except FieldError as error:
        raise entry.location.locate(error) from None


def is_trainable(entry: Entry) -> bool:
    """Raises FieldError with a path from the document."""
    try:
        return trainable_of(entry.config)
    except FieldError as error:
        raise entry.location.locate(error) from None


def declared_shape(entry: Entry) -> tuple[int | None, ...] | None:
    """The shape of a sample that an InputLayer, or in Keras 2 the first layer, declares; None if there is none.

    Raises FieldErrors with paths from the document.
    """
    findings = Findings()
    shape: tuple[int | None, ...] | None = None
    names = [name for name in ("batch_shape", "batch_input_shape") if entry.config.get(name) is not None]
    if names or entry.is_input:
        with findings.collect(entry.location.locate):
            shape = _input_shape(entry.config, names[0] if names else "batch_shape")
    if entry.is_input:
        for name in ("sparse", "ragged", "optional"):
            if entry.config.get(name) not in (False, None):
                detail = f"`{name}` {format_value(entry.config[name])} is not supported; expected false"
                findings.add(entry.location.locate(FieldError((name,), detail)))
        if entry.config.get("dtype") not in _INPUT_DTYPES:
            with findings.collect(entry.location.locate):
                check_dtype(entry.config["dtype"])
    findings.check()
    return shape


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
    if name not in (INPUT_LAYER, *MODELS, *COMPOSED) and not is_operation(document):
        layer_class(name)
    module, registered = document.get("module"), document.get("registered_name")
    if not is_of_keras(module):
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
    name = config.get("name", document.get("name"))
    if not isinstance(name, str) or not 1 <= len(name) <= _NAME_CHARACTERS or not _START.match(name.lstrip("_/")):
        raise FieldError(
            ("name",),
            f"expected 1 to {_NAME_CHARACTERS} characters as `name`, starting with a letter or digit, received "
            f"{format_value(name)}",
        )
    if f"{plain_name(name)}_".startswith(f"{_RESERVED}_"):
        detail = f"`{_RESERVED}` and names that start with `{_RESERVED}_` are reserved; choose another"
        raise FieldError(("name",), detail)
    if document.get("name", name) != name:
        raise FieldError(
            ("name",), f"differs from the name of the entry, {format_value(document['name'])}; make them equal"
        )
    return name


def plain_name(name: str) -> str:
    """The name with letters, digits, `_`, `-` and `.` alone: Keras 2 also writes `expanded_conv/project`."""
    return _FOREIGN.sub("_", name.lstrip("_/"))


def _input_shape(config: Mapping[str, Any], name: str) -> tuple[int | None, ...]:
    batch_shape = config.get(name)
    if not _is_batch_shape(batch_shape):
        raise FieldError(
            (name,),
            f"expected null for the batch and then the shape of a sample as `{name}`, such as [null, 28, 28, 1], "
            f"received {format_value(batch_shape)}",
        )
    return tuple(cast(list[int | None], batch_shape)[1:])


def _is_batch_shape(value: Any) -> bool:
    if not isinstance(value, list) or not 2 <= len(value) <= _MAX_AXES or value[0] is not None:
        return False
    return all(side is None or (type(side) is int and side >= 1) for side in value[1:])


def takes_several(entry: Entry) -> bool:
    """Whether the entry merges several inputs."""
    if entry.class_name == "CustomScaleLayer":
        return True
    layer = layer_class_or_none(entry.class_name)
    return layer is not None and issubclass(layer, Merge)
