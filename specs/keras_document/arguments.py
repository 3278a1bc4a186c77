"""Converts the `config` of a Keras layer to the arguments of our class of the same name.

Arguments that our classes do not have must have the value with which Keras does the same as we do. Error paths start
at `config`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from specs.explanation import errors_of
from specs.keras_document.objects import activation_name, initializer, plain_value, regularizer
from specs.problem import format_value, shorten
from specs.schema import FieldError, Findings, Schema
from specs.spelling import did_you_mean

# What Keras writes and the reader treats itself.
_READ_ELSEWHERE = frozenset({"name", "trainable", "axis", "batch_input_shape", "batch_shape", "seed"})
# Further arguments that Keras writes, with the values that change nothing.
_NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "data_format": ("channels_last", None),
    "groups": (1,),
    "noise_shape": (None,),
    "rms_scaling": (False,),
    "synchronized": (False,),
    "renorm": (False,),
    "renorm_clipping": (None,),
    "renorm_momentum": (0.99,),
    "fused": (None, True, False),
    "virtual_batch_size": (None,),
    "moving_mean_initializer": ("zeros",),
    "moving_variance_initializer": ("ones",),
    "quantization_config": (None,),
    "lora_rank": (None,),
    "lora_alpha": (None,),
    "input_dtype": (None, "float32"),
    "input_length": (None,),
    "sparse": (False, None),
    "autocast": (True, None),
    "keep_dims": (False,),
    "value_range": ([0, 255], [0.0, 255.0], [0, 1], [0.0, 1.0]),
    "interpolation": ("nearest",),
    "implementation": (1, 2, None),
}
_ADVICE: Mapping[str, str] = {"data_format": "; here channels come last"}
# Names of arguments in Keras 2.
_RENAMED: Mapping[tuple[str, str], str] = {
    ("LeakyReLU", "alpha"): "negative_slope",
    ("Dropout", "p"): "rate",
}
# Pairs that Keras writes where a number, given twice or in both directions, says the same here.
_PAIRS: Mapping[tuple[str, str], int] = {
    ("RandomShear", "x_factor"): -1,
    ("RandomShear", "y_factor"): -1,
    ("RandomGaussianBlur", "kernel_size"): 1,
}
# Keras 2 writes these for the kernel that the layer does not have.
_UNUSED: Mapping[str, frozenset[str]] = dict.fromkeys(
    ("DepthwiseConv2D", "SeparableConv2D"),
    frozenset({"kernel_initializer", "kernel_regularizer", "kernel_constraint", "filters"}),
)
_FLATTENED = ("mean", "variance")  # arrays of any shape, with one number or one for each channel


def read_arguments(config: Mapping[str, Any], layer: type[Schema]) -> Any:
    """The instance of `layer` that `config` describes. Raises FieldErrors for all that `layer` cannot do."""
    findings = Findings()
    arguments: dict[str, Any] = {}
    failed: set[str] = set()
    for name, value in config.items():
        known = len(findings.errors)
        with findings.collect():
            arguments |= _read(name, value, layer)
        if len(findings.errors) > known:
            failed.add(name)
    try:
        read = layer.model_validate(arguments)
    except ValidationError as error:
        findings.add(*_validation_errors(error, arguments, layer, failed))
        read = None
    findings.check()
    return read


def check_dtype(value: Any) -> None:
    """Raise FieldError for every dtype policy other than float32."""
    name = value
    if isinstance(value, dict):
        inner = value.get("config")
        known = value.get("class_name") in ("DTypePolicy", "Policy") and isinstance(inner, dict)
        name = inner.get("name") if known and isinstance(inner, dict) else value
    if name not in ("float32", None):
        raise FieldError(("dtype",), f"`dtype` {format_value(name)} is not float32; `training.precision` decides")


def trainable_of(config: Mapping[str, Any]) -> bool:
    """Raises FieldError unless `trainable` is true or false."""
    value = config.get("trainable", True)
    if not isinstance(value, bool):
        raise FieldError(("trainable",), f"expected true or false as `trainable`, received {format_value(value)}")
    return value


def axis_of(config: Mapping[str, Any]) -> int | None:
    """The `axis`, which Keras 2 writes in a list; None if it is not given. Raises FieldError for several."""
    value = config.get("axis")
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value is None or type(value) is int:
        return value
    raise FieldError(("axis",), f"`axis` {format_value(value)} is not supported; expected -1, the channels")


def _read(name: str, value: Any, layer: type[Schema]) -> dict[str, Any]:
    ours = _RENAMED.get((layer.__name__, name), name)
    if ours in layer.model_fields and ours != "type":
        return {ours: _single(_argument(ours, value), _PAIRS.get((layer.__name__, ours)))}
    if name not in _READ_ELSEWHERE and name not in _UNUSED.get(layer.__name__, ()):
        _check_neutral(name, value, layer)
    return {}


def _check_neutral(name: str, value: Any, layer: type[Schema]) -> None:
    if name == "dtype":
        check_dtype(value)
    elif name.endswith("_constraint"):
        _reject_other(name, value, (None,))
    elif name in _NEUTRAL:
        _reject_other(name, _argument(name, value), _NEUTRAL[name])
    else:
        known = [field for field in layer.model_fields if field != "type"]
        raise FieldError(
            (name,),
            f"unknown argument `{shorten(name)}`; {did_you_mean(name, known)}known here: {', '.join(known) or 'none'}",
        )


def _reject_other(name: str, value: Any, neutral: tuple[Any, ...]) -> None:
    if not _is_one_of(value, neutral):
        expected = f"{format_value(neutral[0])}{_ADVICE.get(name, '')}"
        raise FieldError((name,), f"`{name}` {format_value(value)} is not supported; expected {expected}")


def _is_one_of(value: Any, neutral: tuple[Any, ...]) -> bool:
    """Whether `value` is in `neutral`, where true and 1 differ, as in JSON."""
    return any(value == each and isinstance(value, bool) == isinstance(each, bool) for each in neutral)


def _argument(name: str, value: Any) -> Any:
    value = plain_value(value)
    if name.endswith("_initializer"):
        return initializer(name, value)
    if name.endswith("_regularizer"):
        return regularizer(name, value)
    if name == "activation":
        return activation_name(value)
    if name in _FLATTENED and isinstance(value, list):
        return list(_flatten(value))
    return value


def _single(value: Any, sign: int | None) -> Any:
    """The second of a pair whose first number is `sign` times as much, else `value`."""
    match value:
        case [int() | float() as first, int() | float() as second] if sign is not None and first == sign * second:
            return second
    return value


def _flatten(value: list[Any]) -> Iterator[Any]:
    open_values = value[::-1]
    while open_values:
        each = open_values.pop()
        if isinstance(each, list):
            open_values += each[::-1]
        else:
            yield each


def _validation_errors(
    error: ValidationError, arguments: dict[str, Any], layer: type[Schema], failed: set[str]
) -> Iterator[FieldError]:
    """Without those of arguments that have `failed` before, and of their absence."""
    for each in errors_of(error, arguments, layer):
        # Below its argument the document may have another form than our converted value.
        path = each.path[:1]
        if failed.isdisjoint(path):
            yield FieldError(path, each.detail)
