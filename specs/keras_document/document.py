"""Reads a Keras model document into our layers. Keras itself never reads it: a document can name any code."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from specs.assembly import NamedLayer
from specs.keras_document.classes import FUNCTIONAL, SEQUENTIAL
from specs.keras_document.formats import check_format, is_keras_2
from specs.keras_document.layer import Entry
from specs.keras_document.reader import ModelReader
from specs.keras_objects import is_of_keras
from specs.layers import Shape, times
from specs.problem import format_value, shorten
from specs.schema import FieldError, Findings

# All but the first two are ignored: they say how the model was built and compiled, and by which release of Keras.
_MEMBERS = (
    *(
        "class_name",
        "config",
        "module",
        "registered_name",
        "build_config",
        "compile_config",
        "keras_version",
        "backend",
    ),
    *("name", "training_config", "node_def", "batch_input_shape"),
)
_COLORS = {1: "grayscale", 3: "rgb"}


@dataclass(frozen=True)
class KerasModel:
    """A model without Keras. Each layer comes after those that it receives from; the last one is the output.

    `declared` is the shape of a sample that the document declares, None if it declares none.
    """

    layers: tuple[NamedLayer, ...]
    declared: tuple[int | None, ...] | None
    input_entry: Entry | None

    def received_shape(self, sample: Shape) -> Shape:
        """The shape that the first layer receives of samples of the shape `sample`: their own, or, if the document
        declares that, without the one channel, or as one row of values. Raises FieldError for every other shape."""
        declared = self.declared
        if declared is None or _agrees(declared, sample):
            return sample
        without_channel = sample[:-1] if len(sample) > 1 and sample[-1] == 1 else None
        for shape in (without_channel, (math.prod(sample),)):
            if shape is not None and _agrees(declared, shape):
                return shape
        raise self._rejection(declared, sample)

    def _rejection(self, declared: tuple[int | None, ...], sample: Shape) -> FieldError:
        assert self.input_entry is not None  # noqa: S101 - it declares the shape
        config = self.input_entry.config
        name = "batch_shape" if config.get("batch_shape") is not None else "batch_input_shape"
        shape = "x".join(str(side or "any") for side in declared)
        error = FieldError(
            (name,), f"declares {shape}, but the network receives {times(sample)}; {_advice(name, declared, sample)}"
        )
        return self.input_entry.location.locate(error)


def read_keras_model(document: Mapping[str, Any]) -> KerasModel:
    """Read a Sequential or Functional model of built-in layers. Raises FieldError for a document that is none, and
    FieldErrors for everything in it that is not supported, with paths from the document.

    `document` holds plain values only: see `plain_document`.
    """
    check_format(document)
    findings = Findings()
    with findings.collect():
        _check_members(document)
    class_name = ""
    with findings.collect():
        class_name = _class_name(document)
    config = document.get("config")
    reader = ModelReader(keras_2=is_keras_2(document))
    is_list = isinstance(config, list) and class_name == SEQUENTIAL
    if not isinstance(config, dict) and not is_list:
        detail = f"expected an object as `config`, received {format_value(config)}"
        findings.add(FieldError(("config",), detail))
    elif class_name:
        with findings.collect():
            reader.read(class_name, config)
    findings.check()
    return KerasModel(reader.layers, reader.declared, reader.input_entry)


def _check_members(document: Mapping[str, Any]) -> None:
    unknown = [name for name in document if name not in _MEMBERS]
    if unknown:
        raise FieldError((unknown[0],), f"unknown field `{shorten(unknown[0])}`; known here: {', '.join(_MEMBERS)}")


def _class_name(document: Mapping[str, Any]) -> str:
    name, registered, module = (document.get(each) for each in ("class_name", "registered_name", "module"))
    if not isinstance(name, str) or name not in (SEQUENTIAL, *FUNCTIONAL):
        raise FieldError(
            ("class_name",), f"expected Sequential or Functional as `class_name`, received {format_value(name)}"
        )
    if registered not in (name, None):
        detail = f"the registered name {format_value(registered)} is a custom class; only built-in models are supported"
        raise FieldError(("registered_name",), detail)
    if not is_of_keras(module):
        raise FieldError(
            ("module",), f"the module {format_value(module)} is not Keras's; only built-in models are supported"
        )
    return name


def _agrees(declared: tuple[int | None, ...], shape: Shape) -> bool:
    return len(declared) == len(shape) and all(one in (None, other) for one, other in zip(declared, shape, strict=True))


def _advice(name: str, declared: tuple[int | None, ...], sample: Shape) -> str:
    """What to change, as `preprocessing` if that can bring the samples into the declared shape."""
    is_image = len(declared) == len(sample) == 3
    if is_image and declared[0] and declared[1] and declared[2] in (*_COLORS, None):
        color = f", color: {_COLORS[declared[2]]}" if declared[2] and declared[2] != sample[2] else ""
        return f"change it, or set preprocessing to {{image_size: [{declared[0]}, {declared[1]}]{color}}}"
    return f"change `{name}`, or `dataset` and `preprocessing`"
