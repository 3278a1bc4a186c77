"""The layers that an entry of a model's `layers` consists of: nearly always one."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from specs.assembly import AnyLayer
from specs.initializers import Constant, swap_fans
from specs.input_augmentation import InputAugmentation
from specs.keras_document.arguments import read_arguments
from specs.keras_document.classes import AUGMENTATION, layer_class
from specs.keras_document.objects import activation_name
from specs.keras_objects import is_of_keras
from specs.layers import Activation, Add, Conv2D, Dense, DepthwiseConv2D, Dropout, ReLU, Rescaling
from specs.problem import format_value
from specs.schema import FieldError, FieldErrors, Findings

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


def read_parts(class_name: str, config: Mapping[str, Any]) -> tuple[Part, ...]:
    """Raises FieldError or FieldErrors with paths from `config`, also for a class that is not supported."""
    if class_name in COMPOSED:
        return COMPOSED[class_name](config)
    layer = layer_class(class_name)
    if class_name in AUGMENTATION:
        return (Part(InputAugmentation.of(read_arguments(config, layer))),)
    activation = activation_name(config.get("activation"))
    if not isinstance(activation, dict) or "activation" not in layer.model_fields:
        return (_part(config, layer),)
    following = _activation_layer(activation)
    if layer is Activation:
        _read({**config, "activation": "linear"}, layer)
        return (Part(following),)
    without = {name: value for name, value in config.items() if name != "activation"}
    return (_part(without, layer), Part(following, (PREVIOUS,), "_activation"))


def replace_hard_sigmoid(parts: Iterable[Part]) -> Iterator[Part]:
    """The parts with what Keras 2 means by the activation `hard_sigmoid`: 0.2 x + 0.5 from 0 to 1, not x / 6 + 0.5."""
    for part in parts:
        if getattr(part.layer, "activation", None) != "hard_sigmoid":
            yield part
            continue
        takes = part.takes
        if not isinstance(part.layer, Activation):
            yield replace(part, layer=part.layer.model_copy(update={"activation": "linear"}))
            takes = (PREVIOUS,)
        yield Part(Rescaling(scale=0.2, offset=0.5), takes, f"{part.suffix}_scale")
        yield Part(ReLU(max_value=1.0), (PREVIOUS,), f"{part.suffix}_hard_sigmoid")


def _part(config: Mapping[str, Any], layer: type[Any]) -> Part:
    if layer is Conv2D and _is_depthwise(config):
        return Part(_depthwise(config), channels=config["groups"])
    return Part(_read(config, layer))


def _is_depthwise(config: Mapping[str, Any]) -> bool:
    groups, filters = config.get("groups"), config.get("filters")
    return type(groups) is int and groups > 1 and groups == filters


def _depthwise(config: Mapping[str, Any]) -> DepthwiseConv2D:
    """A Conv2D with one group for each channel (ConvNeXt) is a depthwise convolution, which ONNX and processors know.

    Its kernel has the shape (height, width, 1, channels), that of a depthwise convolution (height, width, channels, 1).
    """
    grouped = cast(Conv2D, _read({name: value for name, value in config.items() if name != "groups"}, Conv2D))
    try:
        initializer = swap_fans(grouped.kernel_initializer)
    except FieldError as error:
        raise error.with_prefix("kernel_initializer") from None
    shared = DepthwiseConv2D.model_fields.keys() & Conv2D.model_fields.keys() - {"type"}
    return DepthwiseConv2D(
        **{name: getattr(grouped, name) for name in shared},
        depthwise_initializer=initializer,
        depthwise_regularizer=grouped.kernel_regularizer,
    )


def _read(config: Mapping[str, Any], layer: type[Any]) -> AnyLayer:
    findings = Findings()
    read = None
    with findings.collect():
        read = read_arguments(config, layer)
    if layer is Dense and config.get("units") is None:
        detail = "`units` is missing; a Keras document gives the units of every Dense"
        findings.add(FieldError(("units",), detail))
    findings.check()
    return cast(AnyLayer, read)


def _activation_layer(document: Mapping[str, Any]) -> AnyLayer:
    """Of `activation=LeakyReLU(0.1)`: the layer, which then follows."""
    class_name, config = document.get("class_name"), document.get("config")
    if class_name not in _AS_ACTIVATION or not isinstance(config, dict) or not is_of_keras(document.get("module")):
        known = ", ".join(_AS_ACTIVATION)
        raise FieldError(
            ("activation",),
            "expected the name of one of Keras's activations, or a layer among "
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
COMPOSED = {
    "LayerScale": _layer_scale,
    "StochasticDepth": _stochastic_depth,
    "CustomScaleLayer": _scaled_residual,
}
