"""Converts the objects in a layer's `config`: initializers, regularizers, activations, arrays."""

from collections.abc import Mapping
from typing import Any, get_args

from specs import keras_names
from specs.keras_names import snake_case
from specs.keras_objects import function_name, is_of_keras
from specs.problem import format_value, shorten
from specs.schema import FieldError
from specs.spelling import did_you_mean

_NAMES = get_args(keras_names.Initializer)
_WITH_ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "Constant": {"value": 0.0},
    "RandomNormal": {"mean": 0.0, "stddev": 0.05},
    "TruncatedNormal": {"mean": 0.0, "stddev": 0.05},
    "RandomUniform": {"minval": -0.05, "maxval": 0.05},
    "VarianceScaling": {"scale": 1.0, "mode": "fan_in", "distribution": "truncated_normal"},
    "Orthogonal": {"gain": 1.0},
}
# They change no weight's distribution: `training.seed` decides about randomness, `training.precision` about types.
_WITHOUT_EFFECT = frozenset({"seed", "dtype", "partition_info"})
_AXES = frozenset({"input_axes", "output_axes"})  # by which fans are counted; null for those of the shape
_OLD_NAME, _NEW_NAME = "normal", "truncated_normal"  # of a `distribution`, before Keras 2.2.3
_OLD_ACTIVATIONS = {"softmax_v2": "softmax"}
_ARRAYS = ("__numpy__", "__tensor__")


def plain_value(value: Any) -> Any:
    """`value`, or the numbers of the array that it stands for, as Keras 2 and 3 write arrays."""
    if not isinstance(value, dict):
        return value
    if value.get("type") == "ndarray" and "value" in value:
        return value["value"]
    config = value.get("config")
    if value.get("class_name") in _ARRAYS and isinstance(config, dict) and "value" in config:
        return config["value"]
    return value


def initializer(name: str, value: Any) -> Any:
    """Convert `{"class_name": "GlorotUniform", ...}` to `glorot_uniform`, and with arguments of its own to an object
    with `type`."""
    if not isinstance(value, dict):
        return value
    class_name, config = _keras_object(name, value, "initializers")
    plain = snake_case(class_name)
    defaults = _WITH_ARGUMENTS.get(class_name, {})
    if plain not in _NAMES and not defaults:
        known = [*_NAMES, "Constant"]
        detail = f"the initializer {shorten(class_name)} of `{name}` is not supported; known: {', '.join(known)}"
        raise FieldError((name,), detail)
    given: dict[str, Any] = {}
    for argument, each in config.items():
        if argument in defaults:
            number = plain_value(each)
            given[argument] = _NEW_NAME if number == _OLD_NAME else number
        elif argument in _AXES and each is not None:
            raise FieldError(
                (name, "config", argument),
                f"`{argument}` {format_value(each)} of {class_name} in `{name}` is not supported; expected null",
            )
        elif argument not in _WITHOUT_EFFECT | _AXES:
            hint = did_you_mean(argument, defaults)
            raise FieldError(
                (name, "config", argument),
                f"unknown argument `{shorten(argument)}` of {class_name} in `{name}`; {hint}leave it out",
            )
    if all(given[argument] == defaults[argument] for argument in given) and class_name != "Constant":
        return plain
    return {"type": class_name, **given}


def regularizer(name: str, value: Any) -> Any:
    if not isinstance(value, dict):
        if value is None or (isinstance(value, str) and value.lower() in ("l1", "l2", "l1_l2")):
            return value
        raise FieldError((name,), f"expected null, L1, L2 or L1L2 as `{name}`, received {format_value(value)}")
    class_name, config = _keras_object(name, value, "regularizers")
    if class_name not in ("L1", "L2", "L1L2"):
        raise FieldError(
            (name,), f"the regularizer {shorten(class_name)} of `{name}` is not supported; known: L1, L2, L1L2"
        )
    unknown = sorted(set(config) - {"l1", "l2"})
    if unknown:
        raise FieldError((name, "config", unknown[0]), f"unknown argument `{shorten(unknown[0])}` of {class_name}")
    given = {penalty: 0.0 if number is None else plain_value(number) for penalty, number in config.items()}
    # The defaults of Keras's L1 and L2; those of L1L2 are zero, as ours are.
    default = {"L1": {"l1": 0.01}, "L2": {"l2": 0.01}}.get(class_name, {})
    return default | given


def activation_name(value: Any) -> Any:
    """The name, also from the object that some releases write for a function of theirs; other objects stay."""
    if isinstance(value, str):
        return _OLD_ACTIVATIONS.get(value, value)
    name = function_name(value)
    return value if name is None else name


def _keras_object(name: str, value: Mapping[str, Any], kind: str) -> tuple[str, Mapping[str, Any]]:
    """The `class_name` and `config` of an object of Keras's own."""
    class_name, config = value.get("class_name"), value.get("config", {})
    if not isinstance(class_name, str):
        raise FieldError((name, "class_name"), f"expected text as `class_name`, received {format_value(class_name)}")
    own = is_of_keras(value.get("module")) and value.get("registered_name") in (class_name, None)
    if not own:
        raise FieldError((name,), f"{shorten(class_name)} of `{name}` is not one of Keras's own; expected keras.{kind}")
    if not isinstance(config, dict):
        raise FieldError((name, "config"), f"expected an object as `config`, received {format_value(config)}")
    return class_name, config
