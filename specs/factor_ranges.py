"""Ranges of random factors: [lowest, highest], or one number that stands for both."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field


def _ends(value: Any, low: float, high: float) -> Any:
    """The range as given, or from `low * value` to `high * value` for a single number."""
    if isinstance(value, list | tuple) and len(value) == 2:
        return tuple(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (low * value, high * value)
    raise ValueError("expected a number, or two numbers as [lowest, highest]")


def _symmetric(value: Any) -> Any:
    return _ends(value, -1, 1)


def _from_zero(value: Any) -> Any:
    return _ends(value, 0, 1)


def _constant(value: Any) -> Any:
    return _ends(value, 1, 1)


def _check_order(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[0] > ends[1]:
        raise ValueError(f"expected the lower number first, as in [{ends[1]:g}, {ends[0]:g}]")
    return ends


_Signed = Annotated[float, Field(ge=-1, le=1)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Growth = Annotated[float, Field(gt=-1, le=1)]
SignedFactor = Annotated[
    tuple[_Signed, _Signed],
    BeforeValidator(_symmetric, json_schema_input_type=_Signed | tuple[_Signed, _Signed]),
    AfterValidator(_check_order),
    Field(description="two numbers from -1 to 1 as [lowest, highest], or one number f for [-f, f]"),
]
ZoomFactor = Annotated[
    tuple[_Growth, _Growth],
    BeforeValidator(_symmetric, json_schema_input_type=_Growth | tuple[_Growth, _Growth]),
    AfterValidator(_check_order),
    Field(description="two numbers from above -1 to 1 as [lowest, highest], or one number f for [-f, f]"),
]
FactorFromZero = Annotated[
    tuple[_Share, _Share],
    BeforeValidator(_from_zero, json_schema_input_type=_Share | tuple[_Share, _Share]),
    AfterValidator(_check_order),
    Field(description="two numbers from 0 to 1 as [lowest, highest], or one number f for [0, f]"),
]
Probability = Annotated[
    tuple[_Share, _Share],
    BeforeValidator(_constant, json_schema_input_type=_Share | tuple[_Share, _Share]),
    AfterValidator(_check_order),
    Field(description="a probability, or two of them as [lowest, highest] to draw it from"),
]
_Pixels = Annotated[float, Field(ge=-5, le=5)]
Radius = Annotated[
    tuple[_Pixels, _Pixels],
    BeforeValidator(_symmetric, json_schema_input_type=_Pixels | tuple[_Pixels, _Pixels]),
    AfterValidator(_check_order),
    Field(description="two numbers of pixels from -5 to 5 as [lowest, highest], or one number r for [-r, r]"),
]
Distances = Annotated[
    tuple[_Share, _Share],
    BeforeValidator(_constant, json_schema_input_type=_Share | tuple[_Share, _Share]),
    Field(description="two numbers from 0 to 1 as [down, up], or one number for both"),
]
