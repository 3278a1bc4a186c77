"""The domain errors of `specs`. Each class carries its kind, which `api/errors.py` maps to a status once."""

from collections.abc import Sequence
from typing import ClassVar, Literal, Self

from specs.problem import Problem


class SpecsError(Exception):
    """Base of the errors about a document. `problems` holds at least one; `str()` has one line per problem."""

    kind: ClassVar[Literal["invalid"]] = "invalid"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        self.problems = tuple(problems)

    @classmethod
    def of_document(cls, detail: str) -> Self:
        """An error with one problem, of the document as a whole."""
        return cls([Problem(pointer="", detail=detail)])

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class DocumentError(SpecsError):
    """The bytes are not a valid document: not UTF-8, not JSON or YAML, too large, too deep, or ambiguous."""


class SpecError(SpecsError):
    """The document is well formed, but what it describes is invalid."""
