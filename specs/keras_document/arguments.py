"""Converts the `config` of a Keras layer to the arguments of our class of the same name.

Arguments that our classes do not have must have the value with which Keras does the same as we do. Error paths start
at `config`.
"""

import re
from collections.abc import Mapping
from typing import Any, get_args

from specs.keras_names import Initializer
from specs.problem import format_value, shorten
from specs.schema import FieldError, Schema
from specs.spelling import did_you_mean

_INITIALIZERS = get_args(Initializer)
_NEUTRAL_INITIALIZER: Mapping[str, tuple[Any, ...]] = {
    "seed": (None,),
    "input_axes": (None,),
    "output_axes": (None,),
    "gain": (1.0,),
    "mean": (0.0,),
    "stddev": (0.05,),
    "minval": (-0.05,),
    "maxval": (0.05,),
    "scale": (1.0,),
    "mode": ("fan_in",),
    "distribution": ("truncated_normal",),
}
_FUNCTION = "function"

# Further arguments that Keras writes, with the values that change nothing.
_NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "trainable": (True,),
    "data_format": ("channels_last", None),
    "groups": (1,),
    "seed": (None,),
    "noise_shape": (None,),
    "axis": (-1, [-1]),
    "rms_scaling": (False,),
    "synchronized": (False,),
    "renorm": (False,),
    "renorm_clipping": (None,),
    "renorm_momentum": (0.99,),
    "moving_mean_initializer": ("zeros",),
    "moving_variance_initializer": ("ones",),
    "quantization_config": (None,),
    "lora_rank": (None,),
    "lora_alpha": (None,),
}
_ADVICE: Mapping[str, str] = {
    "trainable": "; freeze layers with `model.freeze`",
    "data_format": "; here channels come last",
    "seed": "; `training.seed` decides",
    "axis": ", the channels",
}


def arguments_of(config: Mapping[str, Any], layer: type[Schema]) -> dict[str, Any]:
    """The arguments of `config` for `layer`, not yet validated. Raises FieldError for what `layer` cannot do."""
    arguments: dict[str, Any] = {}
    for name, value in config.items():
        if name == "name":
            continue
        if name in layer.model_fields and name != "type":
            arguments[name] = _argument(name, value)
        else:
            _check_neutral(name, value, layer)
    return arguments


def check_trainable(config: Mapping[str, Any]) -> None:
    """Raise FieldError if the model or layer is frozen."""
    _reject_other("trainable", config.get("trainable", True), _NEUTRAL["trainable"])


def check_dtype(value: Any) -> None:
    """Raise FieldError for every dtype policy other than float32."""
    name = value
    if isinstance(value, dict):
        inner = value.get("config")
        known = value.get("class_name") == "DTypePolicy" and value.get("module") in ("keras", None)
        name = inner.get("name") if known and isinstance(inner, dict) else value
    if name not in ("float32", None):
        raise FieldError(("dtype",), f"`dtype` {format_value(name)} is not float32; `training.precision` decides")


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
    if name.endswith("_initializer"):
        return _initializer(name, value)
    if name.endswith("_regularizer"):
        return _regularizer(name, value)
    if name == "activation":
        return _activation(name, value)
    return value


def _initializer(name: str, value: Any) -> Any:
    """Convert `{"class_name": "GlorotUniform", ...}`, with default arguments only, to `glorot_uniform`."""
    if not isinstance(value, dict):
        return value
    class_name, config = _object(name, value, "keras.initializers")
    ours = _snake_case(class_name)
    if ours not in _INITIALIZERS:
        raise FieldError(
            (name,),
            f"the initializer {shorten(class_name)} of `{name}` is not supported; known: {', '.join(_INITIALIZERS)}",
        )
    for argument, given in config.items():
        neutral = _NEUTRAL_INITIALIZER.get(argument, ())
        if not _is_one_of(given, neutral):
            only = f"expected {format_value(neutral[0])}" if neutral else "leave it out"
            raise FieldError(
                (name, "config", argument),
                f"`{shorten(argument)}` {format_value(given)} of {class_name} in `{name}` is not supported; {only}",
            )
    return ours


def _regularizer(name: str, value: Any) -> Any:
    if not isinstance(value, dict):
        if value is None:
            return None
        raise FieldError(
            (name,),
            f"expected null, L1, L2 or L1L2 as `{name}`, received {format_value(value)}",
        )
    class_name, config = _object(name, value, "keras.regularizers")
    if class_name not in ("L1", "L2", "L1L2"):
        raise FieldError(
            (name,), f"the regularizer {shorten(class_name)} of `{name}` is not supported; known: L1, L2, L1L2"
        )
    unknown = sorted(set(config) - {"l1", "l2"})
    if unknown:
        raise FieldError((name, "config", unknown[0]), f"unknown argument `{shorten(unknown[0])}` of {class_name}")
    given = {penalty: 0.0 if number is None else number for penalty, number in config.items()}
    # The defaults of Keras's L1 and L2; those of L1L2 are zero, as ours are.
    default = {"L1": {"l1": 0.01}, "L2": {"l2": 0.01}}.get(class_name, {})
    return default | given


def _activation(name: str, value: Any) -> Any:
    """Return the name, also from the object that older releases of Keras wrote for a function of theirs."""
    if not isinstance(value, dict):
        return value
    is_function = value.get("class_name") == _FUNCTION and isinstance(value.get("config"), str)
    is_keras = value.get("module") in ("builtins", "keras.activations", None)
    if is_function and is_keras and value.get("registered_name") in (_FUNCTION, value["config"], None):
        return value["config"]
    raise FieldError(
        (name,),
        f"expected the name of one of Keras's activations, received {format_value(value.get('class_name'))}; add a "
        "layer such as LeakyReLU after this one instead",
    )


def _object(name: str, value: Mapping[str, Any], module: str) -> tuple[str, Mapping[str, Any]]:
    """The `class_name` and `config` of an object of Keras's own `module`."""
    class_name, config = value.get("class_name"), value.get("config", {})
    if not isinstance(class_name, str):
        raise FieldError((name, "class_name"), f"expected text as `class_name`, received {format_value(class_name)}")
    own = value.get("module") in (module, None) and value.get("registered_name") in (class_name, None)
    if not own:
        raise FieldError((name,), f"{shorten(class_name)} of `{name}` is not one of Keras's own; expected {module}")
    if not isinstance(config, dict):
        raise FieldError((name, "config"), f"expected an object as `config`, received {format_value(config)}")
    return class_name, config


def _snake_case(name: str) -> str:
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower()
