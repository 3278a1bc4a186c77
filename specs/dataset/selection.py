"""Selection of classes of a dataset by name or index."""

from collections.abc import Sequence
from typing import Any

from specs.dataset.facts import Dataset
from specs.problem import format_value, shorten
from specs.schema import FieldError
from specs.spelling import did_you_mean

_LISTED = 20


def class_names(selected: Sequence[Any], dataset: Dataset) -> tuple[str, ...]:
    """The names of classes given by name or by index.

    Raises FieldError with a path that starts with the index in `selected`, or is empty if there are too few.
    """
    names: list[str] = []
    for position, each in enumerate(selected):
        name = _class_name(each, position, dataset)
        if name in names:
            first = names.index(name)
            raise FieldError((position,), f"`{name}` is already in the list, at index {first}; name each class once")
        names.append(name)
    if len(names) < 2:
        raise FieldError((), f"expected at least 2 classes, received {len(names)}")
    return tuple(names)


def _class_name(each: Any, position: int, dataset: Dataset) -> str:
    if isinstance(each, str):
        return _named(each, position, dataset)
    if isinstance(each, int) and not isinstance(each, bool):
        return _indexed(each, position, dataset)
    raise FieldError((position,), f"expected the name of a class or its index, received {format_value(each)}")


def check_class(name: str, dataset: Dataset) -> str:
    """Return `name`. Raises FieldError if `dataset` has no such class."""
    if name in dataset.classes:
        return name
    listed = ", ".join(dataset.classes[:_LISTED])
    more = f" and {len(dataset.classes) - _LISTED} more" if len(dataset.classes) > _LISTED else ""
    hint = did_you_mean(name, dataset.classes)
    raise FieldError((), f"unknown class `{shorten(name)}`; {hint}{dataset.name} has: {listed}{more}")


def _named(name: str, position: int, dataset: Dataset) -> str:
    try:
        return check_class(name, dataset)
    except FieldError as error:
        raise error.with_prefix(position) from None


def _indexed(index: int, position: int, dataset: Dataset) -> str:
    last = len(dataset.classes) - 1
    name = dataset.classes[index] if 0 <= index <= last else None
    # A class may be named "7" without having the index 7.
    if str(index) in dataset.classes and name != str(index):
        raise FieldError(
            (position,),
            f'the class named "{index}" is not the class with index {index}; write "{index}" in quotes for the name'
            f"{f', or {format_value(name)} for the class with this index' if name else ''}",
        )
    if name is None:
        raise FieldError((position,), f"class index {index} is out of range; {dataset.name} has 0 to {last}")
    return name
