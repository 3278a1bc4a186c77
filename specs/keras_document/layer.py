"""Reads one entry of a model's `layers`: its class, name and arguments."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from specs.assembly import AnyLayer, LayerLocation
from specs.initializers import Constant
from specs.input_augmentation import InputAugmentation
from specs.keras_document.arguments import axis_of, check_dtype, read_arguments, trainable_of
from specs.keras_document.classes import AUGMENTATION, INPUT_LAYER, MODELS, WITH_AXIS, layer_class
from specs.keras_document.objects import activation_name, is_of_keras
from specs.keras_document.operations import is_operation
from specs.layers import Add, Conv2D, Dense, DepthwiseConv2D, Dropout, Merge, Rescaling
from specs.problem import FieldPath, format_value, shorten
from specs.schema import FieldError, FieldErrors, Findings

_NAME_CHARACTERS = 64
_FOREIGN = re.compile(r"[^A-Za-z0-9_.-]")
_START = re.compile(r"[A-Za-z0-9]")
_RESERVED_PREFIX = "trainyard_"
_MAX_AXES = 5  # no sample has more; longer lists would only make long messages
_INPUT_DTYPES = ("float32", "uint8", "int32", "int64", "float64", None)
# Layers that may stand as the `activation` of another one.
_AS_ACTIVATION = ("LeakyReLU", "ReLU", "ELU", "PReLU", "Softmax")
PREVIOUS = -1


@dataclass(frozen=True, slots=True)
class Part:
    """A layer that an entry consists of. It takes these operands of the entry, or all; `PREVIOUS` is the part before
    it."""

    layer: AnyLayer
    takes: tuple[int, ...] | None = None
    suffix: str = ""
    channels: int | None = None  # those of its input, if only that number fits


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
        findings.errors.append(location.locate(FieldError((), detail)))
    if class_name not in MODELS and isinstance(config, dict) and not is_operation(document) and findings.errors:
        with findings.collect(location.locate):
            _read_known(class_name, config)
    findings.check()
    return Entry(name, class_name, config, document, location)


def parts_of(entry: Entry) -> tuple[Part, ...]:
    """The layers that the entry consists of, nearly always one. Raises FieldErrors with paths from the document."""
    findings = Findings()
    parts: tuple[Part, ...] = ()
    with findings.collect(entry.location.locate):
        parts = _parts(entry.class_name, entry.config)
    findings.check()
    return parts


def axis_in(entry: Entry) -> int | None:
    """Where the entry says that the channels are. Raises FieldError with a path from the document."""
    layer = None if entry.is_operation else _layer_class_or_none(entry.class_name)
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
                findings.errors.append(entry.location.locate(FieldError((name,), detail)))
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
    if name not in (INPUT_LAYER, *MODELS, *_COMPOSED) and not is_operation(document):
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
    if name.startswith(_RESERVED_PREFIX):
        raise FieldError(("name",), f"names that start with {_RESERVED_PREFIX} are reserved; choose another")
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


def _layer_class_or_none(class_name: str) -> type[Any] | None:
    try:
        return layer_class(class_name)
    except FieldError:
        return None


def _read_known(class_name: str, config: Mapping[str, Any]) -> None:
    """Read the arguments although the entry is at fault, so that all its errors are reported together."""
    if _layer_class_or_none(class_name) is not None:
        _parts(class_name, config)


def _parts(class_name: str, config: Mapping[str, Any]) -> tuple[Part, ...]:
    if class_name in _COMPOSED:
        return _COMPOSED[class_name](config)
    layer = layer_class(class_name)
    if class_name in AUGMENTATION:
        return (Part(InputAugmentation.of(read_arguments(config, layer))),)
    if layer is Conv2D and _is_depthwise(config):
        return _depthwise(config)
    activation = activation_name(config.get("activation"))
    if not isinstance(activation, dict) or "activation" not in layer.model_fields:
        return (Part(_read(config, layer)),)
    following = _activation_layer(activation)
    without = {name: value for name, value in config.items() if name != "activation"}
    return (Part(_read(without, layer)), Part(following, (PREVIOUS,), "_activation"))


def _is_depthwise(config: Mapping[str, Any]) -> bool:
    groups, filters = config.get("groups"), config.get("filters")
    return type(groups) is int and groups > 1 and groups == filters


def _depthwise(config: Mapping[str, Any]) -> tuple[Part, ...]:
    """A Conv2D with one group for each channel (ConvNeXt) is a depthwise convolution, which ONNX and processors know.

    The fans of the kernel change places, to which `glorot_*` are indifferent.
    """
    renamed = {
        name.replace("kernel_", "depthwise_") if name != "kernel_size" else name: config[name] for name in config
    }
    arguments = {name: value for name, value in renamed.items() if name not in ("groups", "filters")}
    return (Part(_read(arguments, DepthwiseConv2D), channels=config["groups"]),)


def _read(config: Mapping[str, Any], layer: type[Any]) -> AnyLayer:
    findings = Findings()
    read = None
    with findings.collect():
        read = read_arguments(config, layer)
    if layer is Dense and config.get("units") is None:
        detail = "`units` is missing; a Keras document gives the units of every Dense"
        findings.errors.append(FieldError(("units",), detail))
    findings.check()
    return cast(AnyLayer, read)


def _activation_layer(document: Mapping[str, Any]) -> AnyLayer:
    """Of `activation=LeakyReLU(0.1)`: the layer, which then follows."""
    class_name, config = document.get("class_name"), document.get("config")
    if class_name not in _AS_ACTIVATION or not isinstance(config, dict) or not is_of_keras(document.get("module")):
        known = ", ".join(_AS_ACTIVATION)
        raise FieldError(
            ("activation",),
            "expected the name of one of Keras's activations, or a layer without weights among "
            f"{known}, received {format_value(class_name)}",
        )
    try:
        return _read(config, layer_class(class_name))
    except FieldErrors as errors:
        raise errors.with_prefix("activation", "config") from None


def _layer_scale(config: Mapping[str, Any]) -> tuple[Part, ...]:
    """A factor for each channel (ConvNeXt): a depthwise convolution of one pixel."""
    start = Constant(value=_number(config, "init_values"))
    layer = DepthwiseConv2D(kernel_size=(1, 1), use_bias=False, depthwise_initializer=start)
    channels = config.get("projection_dim")
    return (Part(layer, channels=channels if type(channels) is int else None),)


def _stochastic_depth(config: Mapping[str, Any]) -> tuple[Part, ...]:
    """Drops whole images, so that only the shortcut of the block is left (ConvNeXt)."""
    return (Part(Dropout(rate=_number(config, "drop_path_rate", below=1.0), noise_shape=(None, 1, 1, 1))),)


def _scaled_residual(config: Mapping[str, Any]) -> tuple[Part, ...]:
    """The first input plus the second one times `scale` (InceptionResNetV2)."""
    scaling = Rescaling(scale=_number(config, "scale"))
    return (Part(scaling, (1,), "_scale"), Part(Add(), (0, PREVIOUS)))


def _number(config: Mapping[str, Any], name: str, below: float = 1e6) -> float:
    value = config.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < below:
        detail = f"expected a number from 0 to below {below:g} as `{name}`, received {format_value(value)}"
        raise FieldError((name,), detail)
    return float(value)


# Layers of keras.applications that are no public layers of Keras.
_COMPOSED = {
    "LayerScale": _layer_scale,
    "StochasticDepth": _stochastic_depth,
    "CustomScaleLayer": _scaled_residual,
}


def takes_several(entry: Entry) -> bool:
    """Whether the entry merges several inputs."""
    if entry.class_name == "CustomScaleLayer":
        return True
    layer = _layer_class_or_none(entry.class_name)
    return layer is not None and issubclass(layer, Merge)
