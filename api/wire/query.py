"""Query strings: a parameter that a route does not have, or that contradicts itself, is rejected."""

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import get_origin

from fastapi import Request, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute

from api.wire.bad_request import BadQuery
from api.wire.conditions import parse_conditions
from models_store.experiments.conditions import Condition
from specs import limits
from specs.problem import Problem, pointer_of, received_value, shorten
from specs.spelling import did_you_mean

_NAMES_OF_MODELS = ("dataset", "experiment")


async def check_query(request: Request) -> None:
    """A dependency of all routes: FastAPI itself ignores what it does not know, and takes the last of several values.
    Raises BadQuery."""
    if not request.scope["query_string"]:
        return
    route = request.scope["route"]
    takes_several, takes_others = _parameters(route), _takes_conditions(route)
    sent: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        sent.setdefault(name, []).append(value)
    # No more than are listed: no key was asked for yet, and to look for what was meant takes its time.
    if problems := list(islice(_problems(sent, takes_several, takes_others=takes_others), limits.PROBLEMS)):
        raise BadQuery.of(problems)


def _problems(
    sent: Mapping[str, list[str]], takes_several: Mapping[str, bool], *, takes_others: bool
) -> Iterator[Problem]:
    for name, values in sent.items():
        if name not in takes_several:
            if not takes_others:
                yield _problem(name, values[0], _unknown(name, takes_several))
        elif not takes_several[name] and len(set(values)) > 1:
            yield _problem(name, values[-1], f"received {len(values)} different values; send one")


async def read_conditions(request: Request) -> list[Condition]:
    """A dependency of routes whose other parameters are conditions on any field. Raises BadQuery."""
    return parse_conditions(request.query_params.multi_items(), _parameters(request.scope["route"]))


async def take_any_query() -> None:
    """A dependency of a route to which others send what they please."""


def _takes_conditions(route: APIRoute) -> bool:
    return any(each.call in (read_conditions, take_any_query) for each in route.dependant.dependencies)


def _parameters(route: APIRoute) -> dict[str, bool]:
    """The query parameters of a route, and whether they can be sent more than once."""
    return {
        field.alias: get_origin(field.field_info.annotation) is list
        for field in get_flat_params(route.dependant)
        # The fields of a model have no type of their own; all models here are of query strings.
        if not isinstance(field.field_info, params.Path | params.Header)
    }


def _unknown(name: str, known: Collection[str]) -> str:
    listed = f"known here: {', '.join(known)}" if known else "this route has none"
    return f"unknown query parameter `{shorten(name)}`; {_model_hint(name, known) or did_you_mean(name, known)}{listed}"


def _model_hint(name: str, known: Collection[str]) -> str:
    """A model is named by what it was trained on, or by the experiment that trained it."""
    named = [f"`{other}`" for other in _NAMES_OF_MODELS if other in known]
    return f"did you mean {' or '.join(named)}? " if named and name.lower() == "model" else ""


def _problem(name: str, received: str, detail: str) -> Problem:
    return Problem(pointer=pointer_of(("query", name)), detail=detail, received=received_value(received))
