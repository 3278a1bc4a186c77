"""Query parameters that several routes share."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from models_store.errors import NotFound
from models_store.ids import describe_id_mistake, is_experiment_id

_MIN_IDS, _MAX_IDS = 2, 8
_MAX_FOLLOWED = 100
_LISTED_CLASSES = 20


def _split_by_commas(values: list[str]) -> list[str]:
    return [each.strip() for value in values for each in value.split(",") if each.strip()]


def _check_ids(ids: list[str]) -> list[str]:
    if not _MIN_IDS <= len(ids) <= _MAX_IDS:
        raise PydanticCustomError(
            "ids",
            "expected {least} to {most} ids, separated by commas, received {count}",
            {"least": _MIN_IDS, "most": _MAX_IDS, "count": len(ids)},
        )
    if len(set(ids)) < len(ids):
        twice = next(each for each in ids if ids.count(each) > 1)
        raise PydanticCustomError("ids", "received {id} twice; name each experiment once", {"id": twice[:50]})
    return ids


ExperimentIds = Annotated[
    list[str],
    BeforeValidator(_split_by_commas),
    AfterValidator(_check_ids),
    Query(description=f"{_MIN_IDS} to {_MAX_IDS} ids, separated by commas"),
]


def _check_followed(ids: list[str]) -> list[str]:
    if not 1 <= len(ids) <= _MAX_FOLLOWED:
        raise PydanticCustomError(
            "ids",
            "expected 1 to {most} ids, separated by commas, received {count}",
            {"most": _MAX_FOLLOWED, "count": len(ids)},
        )
    if wrong := next((each for each in ids if not is_experiment_id(each)), None):
        raise PydanticCustomError("ids", "{why}", {"why": describe_id_mistake(wrong)})
    return ids


FollowedIds = Annotated[
    list[str] | None,
    BeforeValidator(lambda values: None if values is None else _split_by_commas(values)),
    AfterValidator(lambda ids: None if ids is None else _check_followed(ids)),
    Query(description=f"1 to {_MAX_FOLLOWED} ids, separated by commas; all experiments without it"),
]


Scale = Annotated[
    float | None,
    Query(
        gt=0,
        le=65_535,
        allow_inf_nan=False,
        description="the value of white in pixels sent as numbers, such as 1 or 16, if they are not from 0 to 255",
    ),
]


def class_index(name: str | None, classes: Sequence[str]) -> int | None:
    """The index of the class of that name, or of that index from 0; None for None. Raises NotFound, which lists the
    classes."""
    if name is None:
        return None
    if name in classes:
        return classes.index(name)
    if name.isdecimal() and int(name) < len(classes):
        return int(name)
    listed = ", ".join(classes[:_LISTED_CLASSES])
    raise NotFound(f"unknown class {name[:50]!r}; this dataset has: {listed}")
