"""Checks some points of a sweep before it starts: the ends of every range, and random ones."""

import random
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from pydantic import BaseModel, ConfigDict

from specs.errors import SpecError
from specs.experiment import ExperimentSpec
from specs.problem import Problem, pointer_of
from specs.sweep.space import Point, identify
from specs.sweep.spec import SweepSpec

_RANDOM_POINTS = 20
_MAX_POINTS = 200


class Infeasible(BaseModel):
    """A point whose spec is invalid, and why; pointers lead into the document of the sweep."""

    model_config = ConfigDict(frozen=True)

    point: dict[str, Any]
    problems: tuple[Problem, ...]


class Preflight(BaseModel):
    """`checked` points, of which `infeasible` are invalid; a sweep skips those."""

    model_config = ConfigDict(frozen=True)

    checked: int
    infeasible: tuple[Infeasible, ...]


def preflight(sweep: SweepSpec, parse: Callable[[Any], ExperimentSpec]) -> tuple[Preflight, ExperimentSpec]:
    """Also returns the first valid spec. `parse` raises SpecError. Raises SpecError if all points are invalid."""
    points = {identify(point): point for point in islice(_points(sweep), _MAX_POINTS)}
    infeasible: list[Infeasible] = []
    valid: ExperimentSpec | None = None
    for number, point in enumerate(points.values()):
        try:
            spec = parse(sweep.trial_document(point, number))
        except SpecError as error:
            infeasible.append(Infeasible(point=point, problems=tuple(map(_locate, error.problems))))
        else:
            valid = valid or spec
    if valid is None:
        raise SpecError(infeasible[0].problems)
    return Preflight(checked=len(points), infeasible=tuple(infeasible)), valid


def _points(sweep: SweepSpec) -> Iterator[Point]:
    middle, *ends = sweep.space.at_ends()
    yield middle
    for start in sweep.start_with:
        yield {**middle, **start}
    yield from ends
    generator = random.Random(sweep.seed)  # noqa: S311 - not for secrets
    for _ in range(_RANDOM_POINTS):
        yield sweep.space.random(generator)


def _locate(problem: Problem) -> Problem:
    return problem.model_copy(update={"pointer": f"{pointer_of(('experiment',))}{problem.pointer}"})
