"""The base class of all parts of a spec, its errors, and field types that several parts share."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Strict

from specs import limits
from specs.problem import FieldPath


class Schema(BaseModel):
    """One object of a spec: immutable; rejects unknown fields, NaN, infinity and conversions between types, except
    an integer where a float is expected."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=True)


class FieldError(ValueError):
    """A value that is valid by itself but does not fit the rest; raised inside validators.

    `path` leads from the object under validation to the field at fault.
    """

    def __init__(self, path: FieldPath, detail: str) -> None:
        super().__init__(detail)
        self.path = path
        self.detail = detail

    def with_prefix(self, *parents: str | int, label: str = "") -> "FieldError":
        """Return the error with a path that starts at an outer object, to which `parents` lead, and a detail that
        starts with `label`."""
        return FieldError((*parents, *self.path), f"{label}{self.detail}")


class FieldErrors(ValueError):
    """Several values at fault that one pass has found; raised inside validators, as FieldError is."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(error.detail for error in errors))
        self.errors = tuple(errors)

    def with_prefix(self, *parents: str | int, label: str = "") -> "FieldErrors":
        """Return the errors with paths and details as `FieldError.with_prefix` makes them."""
        return FieldErrors([error.with_prefix(*parents, label=label) for error in self.errors])


class Findings:
    """Collects the errors of a document, so that its reader need not stop at the first one, only at
    `limits.PROBLEMS`: a document that is wrong everywhere must not take time in proportion."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    @contextmanager
    def collect(self, locate: Callable[[FieldError], FieldError] = lambda error: error) -> Iterator[None]:
        """Within the block, keep an error instead of raising it, with the path and detail that `locate` gives it."""
        try:
            yield
        except FieldError as error:
            self.add(locate(error))
        except FieldErrors as errors:
            self.add(*map(locate, errors.errors))

    def add(self, *errors: FieldError) -> None:
        """Raise FieldErrors if there are `limits.PROBLEMS` now."""
        self.errors = [*self.errors, *errors][: limits.PROBLEMS]
        if len(self.errors) == limits.PROBLEMS:
            self.check()

    def check(self) -> None:
        """Raise FieldErrors if any error was found."""
        if self.errors:
            raise FieldErrors(self.errors)


def by_type_or(plain: str) -> Discriminator:
    """Discriminate a union by the `type` of an object; any other value has the tag `plain`."""

    def tag_of(value: Any) -> str | None:
        if isinstance(value, Mapping):
            tag = value.get("type")
            return tag if tag is None or isinstance(tag, str) else str(type(tag))
        return getattr(value, "type", plain)

    return Discriminator(tag_of)


def _pair(value: Any) -> Any:
    """An integer n means [n, n], as in Keras."""
    if type(value) is int:
        return (value, value)
    if isinstance(value, list | tuple) and len(value) == 2:
        return tuple(value)
    raise ValueError("expected a whole number, or two of them as [height, width]")


Units = Annotated[int, Field(ge=1, le=limits.UNITS, description=f"a whole number from 1 to {limits.UNITS:,}")]
Rate = Annotated[float, Field(ge=0, lt=1, description="a number from 0 to below 1")]
Penalty = Annotated[float, Field(ge=0, le=1e6)]
_Side = Annotated[int, Field(ge=1, le=limits.WINDOW)]
Window = Annotated[
    tuple[_Side, _Side],
    BeforeValidator(_pair, json_schema_input_type=_Side | tuple[_Side, _Side]),
    Field(description=f"a whole number from 1 to {limits.WINDOW}, or two of them as [height, width]"),
]
_PRINTABLE = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
Line = Annotated[str, Field(min_length=1, pattern=_PRINTABLE, description="one line of printable text")]
# A ULID: 26 characters of Crockford's base 32; the first one carries only three bits.
_ULID = r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$"
ExperimentId = Annotated[str, Field(pattern=_ULID)]
Priority = Annotated[int, Field(ge=-limits.PRIORITY, le=limits.PRIORITY)]
# Documents hold lists; a strict tuple would reject them.
Lax = Strict(False)
