"""Objects as `serialize` of Keras writes them. Their modules are only compared: nothing is imported."""

from collections.abc import Mapping
from typing import Any

_FUNCTION = "function"
_MODULES_OF_FUNCTIONS = ("builtins", "keras.activations", "keras.losses", None)


def is_of_keras(module: Any) -> bool:
    """Whether the `module` of an object is one of Keras's."""
    return module is None or (isinstance(module, str) and module.split(".")[0] in ("keras", "tf_keras", "tensorflow"))


def function_name(value: Any) -> str | None:
    """The name of a function of Keras's that some releases write as an object; None for everything else."""
    if not isinstance(value, Mapping) or value.get("class_name") != _FUNCTION:
        return None
    name = value.get("config")
    is_own = value.get("module") in _MODULES_OF_FUNCTIONS and value.get("registered_name") in (_FUNCTION, name, None)
    return name if isinstance(name, str) and is_own else None
