"""The domain errors of `specs`. Each class carries its kind, which `api/errors.py` maps to a status once."""

from collections.abc import Sequence
from typing import ClassVar, Literal, Self

from specs.problem import Problem


class SpecsError(Exception):
    """A rejected document. `problems` holds at least one; `str()` gives one readable line for each."""

    kind: ClassVar[Literal["invalid"]] = "invalid"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        self.problems = tuple(problems)

    @classmethod
    def saying(cls, detail: str) -> Self:
        """One problem, of the document as a whole."""
        return cls([Problem(pointer="", detail=detail)])

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class DocumentError(SpecsError):
    """The bytes are no document: not UTF-8, not JSON or YAML, too large, too deep, ambiguous."""


class SpecError(SpecsError):
    """The document is well formed but describes no experiment that can be run."""
