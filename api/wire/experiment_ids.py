"""Experiments that are compared, as a query names them."""

from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

_FEWEST, _MOST = 2, 8


def _separated(values: list[str]) -> list[str]:
    return [each.strip() for value in values for each in value.split(",") if each.strip()]


def _some_different(ids: list[str]) -> list[str]:
    if not _FEWEST <= len(ids) <= _MOST:
        raise PydanticCustomError(
            "ids",
            "expected {fewest} to {most} ids, separated by commas, received {count}",
            {"fewest": _FEWEST, "most": _MOST, "count": len(ids)},
        )
    if len(set(ids)) < len(ids):
        twice = next(each for each in ids if ids.count(each) > 1)
        raise PydanticCustomError("ids", "received {id} twice; name each experiment once", {"id": twice[:50]})
    return ids


Ids = Annotated[
    list[str],
    BeforeValidator(_separated),
    AfterValidator(_some_different),
    Query(description=f"{_FEWEST} to {_MOST} ids, separated by commas"),
]
