"""The base of errors about the form of a request."""

from collections.abc import Sequence
from typing import ClassVar, Self

from specs.problem import Problem


class BadRequest(Exception):
    """`problems` point to what is wrong, where a pointer can."""

    kind: ClassVar[str] = "invalid"

    def __init__(self, detail: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(detail)
        self.problems = tuple(problems)

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> Self:
        """At least one."""
        return cls("; ".join(map(str, problems)), problems)


class BadQuery(BadRequest):
    """The query string has parameters that the route cannot follow."""
