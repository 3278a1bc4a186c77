"""What all parts of a spec share: the base class and the types of their fields."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Strict

from specs import limits


class Schema(BaseModel):
    """One object of a spec: immutable, without unknown fields, without NaN, without conversions.

    A whole number is taken where a number is asked for, and nothing else in place of anything else.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=True)


class FieldError(ValueError):
    """A value that is fine by itself but does not fit the rest; raised inside validators.

    `path` leads from the object being validated to the field to blame.
    """

    def __init__(self, path: tuple[str | int, ...], detail: str) -> None:
        super().__init__(detail)
        self.path = path
        self.detail = detail

    def below(self, *parents: str | int, where: str = "") -> "FieldError":
        """The same error seen from further up: `parents` lead down to the object, `where` is it in words."""
        return FieldError((*parents, *self.path), f"{where}{self.detail}")


def by_type_or(plain: str) -> Discriminator:
    """Choose among tagged alternatives: an object is tagged by its `type`, everything else is `plain`."""

    def tag_of(value: Any) -> str | None:
        if isinstance(value, Mapping):
            tag = value.get("type")
            return tag if tag is None or isinstance(tag, str) else str(type(tag))
        return getattr(value, "type", plain)

    return Discriminator(tag_of)


def _pair(value: Any) -> Any:
    """A whole number n stands for [n, n], as in Keras."""
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
# A ULID: 26 characters of Crockford's base 32, the first of which carries only three bits.
_ULID = r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$"
ExperimentId = Annotated[str, Field(pattern=_ULID)]
# A document has lists only; a strict tuple would reject them.
Lax = Strict(False)
