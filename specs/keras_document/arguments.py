"""From the `config` of one Keras layer to the arguments of our class of the same name.

What our classes leave out must have the value at which Keras does what we do. Errors lead from `config`.
"""

import re
from collections.abc import Mapping
from typing import Any, get_args

from specs.keras_names import Initializer
from specs.problem import shortened, shown
from specs.schema import FieldError, Schema
from specs.spelling import did_you_mean

_MISSING = object()
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

# What Keras writes beside the arguments of our classes, with the values that change nothing.
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
    """What `layer` takes of `config`, still to be validated by it. Raises FieldError for what it cannot honour."""
    taken: dict[str, Any] = {}
    for name, value in config.items():
        if name == "name":
            continue
        if name in layer.model_fields and name != "type":
            taken[name] = _argument(name, value)
        else:
            _check_neutral(name, value, layer)
    return taken


def check_trainable(config: Mapping[str, Any]) -> None:
    _reject_other("trainable", config.get("trainable", True), _NEUTRAL["trainable"])


def check_dtype(value: Any) -> None:
    """Raises FieldError for every policy but float32's."""
    name = value
    if isinstance(value, dict):
        inner = value.get("config")
        known = value.get("class_name") == "DTypePolicy" and value.get("module") in ("keras", None)
        name = inner.get("name") if known and isinstance(inner, dict) else value
    if name not in ("float32", None):
        raise FieldError(("dtype",), f"`dtype` {shown(name)} is not float32; `training.precision` decides")


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
            f"unknown argument `{shortened(name)}`; {did_you_mean(name, known)}known here: "
            f"{', '.join(known) or 'none'}",
        )


def _reject_other(name: str, value: Any, neutral: tuple[Any, ...]) -> None:
    if not _is_one_of(value, neutral):
        raise FieldError(
            (name,), f"`{name}` {shown(value)} is not supported; expected {shown(neutral[0])}{_ADVICE.get(name, '')}"
        )


def _is_one_of(value: Any, neutral: tuple[Any, ...]) -> bool:
    """In Python `True == 1`; in JSON they are two."""
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
    """Keras's `{"class_name": "GlorotUniform", ...}` is our `glorot_uniform`, with its default arguments."""
    if not isinstance(value, dict):
        return value
    class_name, config = _object(name, value, "keras.initializers")
    ours = _snake_case(class_name)
    if ours not in _INITIALIZERS:
        raise FieldError(
            (name,),
            f"the initializer {shortened(class_name)} of `{name}` is not supported; known: {', '.join(_INITIALIZERS)}",
        )
    for argument, given in config.items():
        neutral = _NEUTRAL_INITIALIZER.get(argument, ())
        if not _is_one_of(given, neutral):
            only = f"only {shown(neutral[0])}" if neutral else "leave it out"
            raise FieldError(
                (name, "config", argument),
                f"`{shortened(argument)}` {shown(given)} of {class_name} in `{name}` is not supported; {only}",
            )
    return ours


def _regularizer(name: str, value: Any) -> Any:
    if not isinstance(value, dict):
        if value is None:
            return None
        raise FieldError(
            (name,), f"`{name}` expected null, L1, L2 or L1L2 as Keras writes them, received {shown(value)}"
        )
    class_name, config = _object(name, value, "keras.regularizers")
    if class_name not in ("L1", "L2", "L1L2"):
        raise FieldError(
            (name,), f"the regularizer {shortened(class_name)} of `{name}` is not supported; L1, L2 and L1L2 are"
        )
    unknown = sorted(set(config) - {"l1", "l2"})
    if unknown:
        raise FieldError((name, "config", unknown[0]), f"unknown argument `{shortened(unknown[0])}` of {class_name}")
    given = {penalty: 0.0 if number is None else number for penalty, number in config.items()}
    # Keras's own default of L1 and L2; L1L2 starts at zero, as ours does.
    default = {"L1": {"l1": 0.01}, "L2": {"l2": 0.01}}.get(class_name, {})
    return default | given


def _activation(name: str, value: Any) -> Any:
    """Text, or what older releases of Keras wrote for a function of theirs."""
    if not isinstance(value, dict):
        return value
    is_function = value.get("class_name") == _FUNCTION and isinstance(value.get("config"), str)
    is_keras = value.get("module") in ("builtins", "keras.activations", None)
    if is_function and is_keras and value.get("registered_name") in (_FUNCTION, value["config"], None):
        return value["config"]
    raise FieldError(
        (name,),
        f"expected the name of one of Keras's activations, received {shown(value.get('class_name'))}; put a layer such "
        "as LeakyReLU behind this one instead",
    )


def _object(name: str, value: Mapping[str, Any], module: str) -> tuple[str, Mapping[str, Any]]:
    """`class_name` and `config` of what Keras itself, and nobody else, has made."""
    class_name, config = value.get("class_name"), value.get("config", {})
    if not isinstance(class_name, str):
        raise FieldError((name, "class_name"), f"expected text as `class_name`, received {shown(class_name)}")
    own = value.get("module") in (module, None) and value.get("registered_name") in (class_name, None)
    if not own:
        raise FieldError((name,), f"{shortened(class_name)} of `{name}` is not one of Keras's own; expected {module}")
    if not isinstance(config, dict):
        raise FieldError((name, "config"), f"expected an object as `config`, received {shown(config)}")
    return class_name, config


def _snake_case(name: str) -> str:
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower()
