"""Operations on tensors in a document, such as `x + 3.0`, as the layers that do the same."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from specs import keras_names
from specs.assembly import AnyLayer
from specs.keras_document.arguments import read_arguments
from specs.keras_names import snake_case
from specs.layers import Activation, Add, Maximum, Merge, Minimum, Multiply, ReLU, Rescaling, Subtract
from specs.problem import format_value, shorten
from specs.schema import FieldError

Operand = int | float  # the index of an entry, or a constant
_MODULE = re.compile(r"(keras|tf_keras)(\.src)?\.(ops|activations)(\..*)?\Z")
_TENSORFLOW_OPERATION = "TFOpLambda"  # Keras 2
_MERGES: Mapping[str, Callable[[], Merge]] = {
    "add": Add,
    "subtract": Subtract,
    "multiply": Multiply,
    "maximum": Maximum,
    "minimum": Minimum,
}
_NAMES = {"truediv": "divide", "true_divide": "divide", "mul": "multiply", "sub": "subtract", "relu6": "relu6"}
_WITHOUT_EFFECT = ("name", "trainable", "dtype", "function")
_ACTIVATIONS = get_args(keras_names.Activation)
_MAX_FACTOR = 1e6


def is_operation(document: Mapping[str, Any]) -> bool:
    """Whether an entry of `layers` is an operation instead of a layer."""
    module = document.get("module")
    return document.get("class_name") == _TENSORFLOW_OPERATION or (
        isinstance(module, str) and _MODULE.match(module) is not None
    )


def operation_layer(document: Mapping[str, Any], operands: Sequence["Constant | None"]) -> AnyLayer:
    """The layer that computes the operation. `operands` has None for each that is the output of a layer.

    Raises FieldError if there is none.
    """
    name = _name(document)
    constants = [operand.value for operand in operands if operand is not None]
    if name in _MERGES and not constants and len(operands) > 1:
        return _MERGES[name]()
    if len(constants) == 1 and len(operands) == 2:
        scaling = _scaling(name, constants[0], constant_first=operands[0] is not None)
        if scaling is not None:
            return scaling
    if len(operands) == 1 and not constants:
        if document.get("class_name") == "ReLU":
            relu: ReLU = read_arguments(_config(document), ReLU)
            return relu
        if name in _ACTIVATIONS and _has_no_arguments(document):
            return Activation(activation=name)  # type: ignore[arg-type]  # it is one of them
    known = ", ".join([*_MERGES, "divide by a number", "the activations of Keras"])
    raise FieldError(("type",), f"the operation {shorten(name)} is not supported; known: {known}")


def _has_no_arguments(document: Mapping[str, Any]) -> bool:
    """Whether all arguments are those of the activation of that name, which has none."""
    other = {
        name: value for name, value in _config(document).items() if name not in _WITHOUT_EFFECT and value is not None
    }
    return other in ({}, {"axis": -1})


class Constant:
    """A number among the operands."""

    def __init__(self, value: Any) -> None:
        if type(value) not in (int, float) or abs(value) > _MAX_FACTOR:
            raise FieldError((), f"expected the output of another layer or a number, received {format_value(value)}")
        self.value = float(value)


def _config(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The entry itself has a name where this is left out."""
    config = document.get("config")
    return config if isinstance(config, dict) else {}


def _name(document: Mapping[str, Any]) -> str:
    """For instance add, of `Add` in keras.ops and of `__operators__.add` and `math.add` in TensorFlow."""
    function = _config(document).get("function")
    if document.get("class_name") == _TENSORFLOW_OPERATION and isinstance(function, str):
        name = function.split(".")[-1]
    else:
        name = snake_case(str(document.get("class_name")))
    return _NAMES.get(name, name)


def _scaling(name: str, constant: float, *, constant_first: bool) -> Rescaling | None:
    if name == "add":
        return Rescaling(scale=1.0, offset=constant)
    if name == "multiply":
        return Rescaling(scale=constant)
    if name == "subtract":
        return Rescaling(scale=-1.0, offset=constant) if constant_first else Rescaling(scale=1.0, offset=-constant)
    if name == "divide" and not constant_first and abs(constant) * _MAX_FACTOR >= 1:
        return Rescaling(scale=1 / constant)
    return None
