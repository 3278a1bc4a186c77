"""Which classes of a dataset are meant."""

from collections.abc import Sequence
from typing import Any

from specs.dataset.facts import Dataset
from specs.problem import format_value, shorten
from specs.schema import FieldError
from specs.spelling import did_you_mean

_LISTED = 20


def class_names(selected: Sequence[Any], dataset: Dataset) -> tuple[str, ...]:
    """The names of classes given by name or by index. Raises FieldError with a path that starts with the place in
    `selected`, or is empty where they are too few."""
    names: list[str] = []
    for place, each in enumerate(selected):
        name = _class_name(each, place, dataset)
        if name in names:
            first = names.index(name)
            raise FieldError((place,), f"`{name}` is in the list already, at {first}; name each class once")
        names.append(name)
    if len(names) < 2:
        raise FieldError(
            (), f"expected at least 2 classes, received {len(names)}; one alone cannot be told from others"
        )
    return tuple(names)


def _class_name(each: Any, place: int, dataset: Dataset) -> str:
    if isinstance(each, str):
        return _named(each, place, dataset)
    if isinstance(each, int) and not isinstance(each, bool):
        return _indexed(each, place, dataset)
    raise FieldError((place,), f"expected the name of a class or its index, received {format_value(each)}")


def known_class(name: str, dataset: Dataset) -> str:
    """`name` itself; raises FieldError where `dataset` has no such class."""
    if name in dataset.classes:
        return name
    listed = ", ".join(dataset.classes[:_LISTED])
    more = f" and {len(dataset.classes) - _LISTED} more" if len(dataset.classes) > _LISTED else ""
    hint = did_you_mean(name, dataset.classes)
    raise FieldError((), f"unknown class `{shorten(name)}`; {hint}{dataset.name} has: {listed}{more}")


def _named(name: str, place: int, dataset: Dataset) -> str:
    try:
        return known_class(name, dataset)
    except FieldError as error:
        raise error.with_prefix(place) from None


def _indexed(index: int, place: int, dataset: Dataset) -> str:
    last = len(dataset.classes) - 1
    name = dataset.classes[index] if 0 <= index <= last else None
    # A folder may be called "7" and not be the class with index 7.
    if str(index) in dataset.classes and name != str(index):
        raise FieldError(
            (place,),
            f'a class is named "{index}", and it is not the one with index {index}; write "{index}" in quotes for '
            f"the name{f', or {format_value(name)} for the one with this index' if name else ''}",
        )
    if name is None:
        raise FieldError((place,), f"there is no class with index {index}; {dataset.name} has 0 to {last}")
    return name
