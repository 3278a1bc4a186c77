"""Ranges from which something is drawn at random: two numbers, or one that stands for two."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field


def _ends(value: Any, low: float, high: float) -> Any:
    """The range as it was given, or `low` to `high` where a number stands for it."""
    if isinstance(value, list | tuple) and len(value) == 2:
        return tuple(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (low * value, high * value)
    raise ValueError("expected a number, or two of them as [lowest, highest]")


def _to_both_sides(value: Any) -> Any:
    return _ends(value, -1, 1)


def _from_zero(value: Any) -> Any:
    return _ends(value, 0, 1)


def _itself(value: Any) -> Any:
    return _ends(value, 1, 1)


def _rising(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[0] > ends[1]:
        raise ValueError(f"expected the lower end first, as in [{ends[1]:g}, {ends[0]:g}]")
    return ends


_Signed = Annotated[float, Field(ge=-1, le=1)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Growth = Annotated[float, Field(gt=-1, le=1)]
SignedFactor = Annotated[
    tuple[_Signed, _Signed],
    BeforeValidator(_to_both_sides, json_schema_input_type=_Signed | tuple[_Signed, _Signed]),
    AfterValidator(_rising),
    Field(description="two numbers from -1 to 1 as [lowest, highest], or one number f for [-f, f]"),
]
ZoomFactor = Annotated[
    tuple[_Growth, _Growth],
    BeforeValidator(_to_both_sides, json_schema_input_type=_Growth | tuple[_Growth, _Growth]),
    AfterValidator(_rising),
    Field(description="two numbers from above -1 to 1 as [lowest, highest], or one number f for [-f, f]"),
]
FactorFromZero = Annotated[
    tuple[_Share, _Share],
    BeforeValidator(_from_zero, json_schema_input_type=_Share | tuple[_Share, _Share]),
    AfterValidator(_rising),
    Field(description="two numbers from 0 to 1 as [lowest, highest], or one number f for [0, f]"),
]
Probability = Annotated[
    tuple[_Share, _Share],
    BeforeValidator(_itself, json_schema_input_type=_Share | tuple[_Share, _Share]),
    AfterValidator(_rising),
    Field(description="a probability, or two of them as [lowest, highest] to draw it from"),
]
_Pixels = Annotated[float, Field(ge=-5, le=5)]
Radius = Annotated[
    tuple[_Pixels, _Pixels],
    BeforeValidator(_to_both_sides, json_schema_input_type=_Pixels | tuple[_Pixels, _Pixels]),
    AfterValidator(_rising),
    Field(description="two numbers of pixels from -5 to 5 as [lowest, highest], or one number r for [-r, r]"),
]
Distances = Annotated[
    tuple[_Share, _Share],
    BeforeValidator(_itself, json_schema_input_type=_Share | tuple[_Share, _Share]),
    Field(description="two numbers from 0 to 1 as [down, up], or one number for both"),
]
