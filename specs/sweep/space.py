"""The search space of a sweep: a spec with dimensions in it, and the points of that space."""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from specs.problem import FieldPath
from specs.schema import FieldError, Findings
from specs.sweep.dimensions import SEARCH, Dimension, format_exactly, parse_dimension

# A value for each dimension, by its dotted path in the spec: {"training.batch_size": 64}.
Point = dict[str, Any]


@dataclass(frozen=True)
class Space:
    """`document` is a spec with `$search` at the `paths`; `dimensions` are what stands there, by dotted path."""

    document: Mapping[str, Any]
    paths: Mapping[str, FieldPath]
    dimensions: Mapping[str, Dimension]

    @property
    def size(self) -> int | None:
        """How many points there are; None for infinitely many."""
        sizes = [each.size for each in self.dimensions.values()]
        return None if None in sizes else math.prod(size for size in sizes if size is not None)

    def at(self, units: Sequence[float]) -> Point:
        """The point at a place in the unit cube, a number in [0, 1) for each dimension."""
        pairs = zip(self.dimensions.items(), units, strict=True)
        return {name: dimension.at(unit) for (name, dimension), unit in pairs}

    def random(self, generator: random.Random) -> Point:
        return self.at([generator.random() for _ in self.dimensions])

    def grid_point(self, index: int) -> Point:
        """Point `index`, from 0, of a finite space; the last dimension changes first."""
        point: Point = {}
        for name, dimension in reversed(list(self.dimensions.items())):
            index, place = divmod(index, dimension.size or 1)
            point[name] = dimension.value(place)
        return {name: point[name] for name in self.dimensions}

    def contains(self, point: Mapping[str, Any]) -> bool:
        return point.keys() == self.dimensions.keys() and all(
            dimension.contains(point[name]) for name, dimension in self.dimensions.items()
        )

    def at_ends(self) -> Iterator[Point]:
        """The middle of the space, and each end of each dimension, and each value of a choice, with the others in the
        middle."""
        middle = self.at([0.5] * len(self.dimensions))
        yield middle
        for name, dimension in self.dimensions.items():
            for end in dimension.ends:
                yield {**middle, name: end}

    def spec_document(self, point: Mapping[str, Any]) -> dict[str, Any]:
        """The spec at a point, as a new document."""
        placed = {self.paths[name]: value for name, value in point.items()}
        document: dict[str, Any] = _place(self.document, (), placed)
        return document


def identify(point: Mapping[str, Any]) -> str:
    """Equal for equal points."""
    return format_exactly(dict(point))


def parse_space(document: Mapping[str, Any]) -> Space:
    """Find the dimensions of a spec. Raises FieldErrors for those that are wrong, FieldError if there is none."""
    findings = Findings()
    paths: dict[str, FieldPath] = {}
    dimensions: dict[str, Dimension] = {}
    for path, value in _searches(document, ()):
        with findings.collect(lambda error, path=path: error.with_prefix(*path)):  # type: ignore[misc]
            if len(value) > 1:
                other = next(name for name in value if name != SEARCH)
                raise FieldError((other,), "stands beside `$search`, which must be alone in its object")
            name = ".".join(map(str, path))
            if name in dimensions:
                raise FieldError((), f"another `$search` has the dotted path {name}, too; rename a field")
            try:
                dimensions[name], paths[name] = parse_dimension(value[SEARCH]), path
            except FieldError as error:
                raise error.with_prefix(SEARCH) from None
    findings.check()
    if not dimensions:
        raise FieldError(
            (),
            'nothing to search: put {"$search": ...} in place of a value, such as "learning_rate": '
            '{"$search": {"float": [1e-5, 0.1], "log": true}}',
        )
    return Space(document, paths, dimensions)


def _searches(value: Any, path: FieldPath) -> Iterator[tuple[FieldPath, Mapping[str, Any]]]:
    if isinstance(value, Mapping):
        if SEARCH in value:
            yield path, value
            return
        members: Iterator[tuple[str | int, Any]] = iter(value.items())
    elif isinstance(value, list):
        members = iter(enumerate(value))
    else:
        return
    for name, member in members:
        yield from _searches(member, (*path, name))


def _place(value: Any, path: FieldPath, placed: Mapping[FieldPath, Any]) -> Any:
    if path in placed:
        return placed[path]
    if isinstance(value, Mapping):
        return {name: _place(member, (*path, name), placed) for name, member in value.items()}
    if isinstance(value, list):
        return [_place(member, (*path, index), placed) for index, member in enumerate(value)]
    return value
