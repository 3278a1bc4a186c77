"""How much the samples of each class count in the loss."""

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


# By name, a class that is left out counts 1; by index, all are given in class order.
ClassWeight = Annotated[
    Annotated[Literal["balanced"], Tag("balanced")]
    | Annotated[dict[str, _Weight], Tag("by name")]
    | Annotated[tuple[_Weight, ...], Lax, Field(max_length=limits.UNITS), Tag("by index")],
    Discriminator(_kind),
]


def check_classes(class_weight: ClassWeight | None, classes: Sequence[str]) -> None:
    """Raises FieldError where `class_weight` names other classes than there are, or another number of them."""
    if isinstance(class_weight, tuple) and len(class_weight) != len(classes):
        raise FieldError(
            ("class_weight",), f"expected {len(classes)} weights, one a class, received {len(class_weight)}"
        )
    unknown = [name for name in class_weight if name not in classes] if isinstance(class_weight, dict) else []
    if unknown:
        raise FieldError(
            ("class_weight", unknown[0]), f"there is no class `{unknown[0]}`; the classes are {', '.join(classes[:20])}"
        )
    weights = class_weight.values() if isinstance(class_weight, dict) else class_weight
    everything_given = isinstance(class_weight, tuple) or (
        isinstance(class_weight, dict) and len(class_weight) == len(classes)
    )
    if everything_given and weights and not any(weights):
        raise FieldError(("class_weight",), "all weights are 0, so nothing would be learned; give a class more than 0")


def weights_by_class(class_weight: ClassWeight, classes: Sequence[str], counts: Sequence[int]) -> list[float]:
    """The weight of each class, in class order. `counts` are the training samples of each.

    `balanced` gives samples / (classes * count), as scikit-learn's `compute_class_weight` does, so that all classes
    weigh the same in sum.
    """
    if isinstance(class_weight, dict):
        return [class_weight.get(name, 1.0) for name in classes]
    if isinstance(class_weight, tuple):
        return list(class_weight)
    return [sum(counts) / (len(counts) * count) if count else 0.0 for count in counts]
