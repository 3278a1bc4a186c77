"""Class weights: the factor of each class in the loss."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from specs import limits
from specs.schema import FieldError, Lax

_Weight = Annotated[float, Field(ge=0, le=1e6)]


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return "by name"
    return "by index" if isinstance(value, list | tuple) else "balanced"


# By name, missing classes have weight 1; by index, all weights are given in class order.
ClassWeight = Annotated[
    Annotated[Literal["balanced"], Tag("balanced")]
    | Annotated[dict[str, _Weight], Tag("by name")]
    | Annotated[tuple[_Weight, ...], Lax, Field(max_length=limits.UNITS), Tag("by index")],
    Discriminator(_kind),
]


def check_class_weight(class_weight: ClassWeight | None, classes: Sequence[str]) -> None:
    """Raise FieldError if `class_weight` names unknown classes, or has the wrong number of weights."""
    if isinstance(class_weight, tuple) and len(class_weight) != len(classes):
        raise FieldError(
            ("class_weight",), f"expected {len(classes)} weights, one per class, received {len(class_weight)}"
        )
    unknown = [name for name in class_weight if name not in classes] if isinstance(class_weight, dict) else []
    if unknown:
        raise FieldError(
            ("class_weight", unknown[0]), f"unknown class `{unknown[0]}`; known: {', '.join(classes[:20])}"
        )
    weights = class_weight.values() if isinstance(class_weight, dict) else class_weight
    all_given = isinstance(class_weight, tuple) or (
        isinstance(class_weight, dict) and len(class_weight) == len(classes)
    )
    if all_given and weights and not any(weights):
        raise FieldError(("class_weight",), "all weights are 0, so nothing would be learned; set at least one above 0")


def weights_by_class(class_weight: ClassWeight, classes: Sequence[str], counts: Sequence[int]) -> list[float]:
    """The weights in class order. `counts` are the training samples per class.

    `balanced` means samples / (classes * count), as in scikit-learn's `compute_class_weight`: all classes have the same
    total weight.
    """
    if isinstance(class_weight, dict):
        return [class_weight.get(name, 1.0) for name in classes]
    if isinstance(class_weight, tuple):
        return list(class_weight)
    return [sum(counts) / (len(counts) * count) if count else 0.0 for count in counts]
