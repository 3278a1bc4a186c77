"""What is raised when a document or an experiment cannot be accepted."""

from collections.abc import Sequence
from typing import Self

from specs.problem import Problem


class SpecsError(Exception):
    """A rejected document. `problems` holds at least one; `str()` gives one readable line for each."""

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
