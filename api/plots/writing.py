"""Text that fits: letters differ in width, so that it is measured, not counted."""

from functools import lru_cache
from textwrap import wrap
from typing import Literal

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

Weight = Literal["normal", "bold"]
_POINTS_PER_INCH = 72
# A PNG has letters that begin at whole pixels, which takes more room than their outlines.
_HINTING = 1.1


@lru_cache(maxsize=4096)
def width_of(text: str, size: float, weight: Weight = "normal") -> float:
    """In inches, of one line in letters of `size` points."""
    path = TextPath((0, 0), text, size=size, prop=FontProperties(weight=weight))
    return float(path.get_extents().width) * _HINTING / _POINTS_PER_INCH if text.strip() else 0.0


def wrapped(text: str, inches: float, size: float, weight: Weight = "normal") -> list[str]:
    """Lines that are no wider than `inches`, broken between words where there are any."""
    characters = len(text)
    lines = [text]
    while characters > 1 and max(width_of(line, size, weight) for line in lines) > inches:
        characters = max(1, characters * 9 // 10)
        lines = wrap(text, characters) or [text]
    return lines


def shortened(text: str, inches: float, size: float) -> str:
    """Its beginning, with … where something is left out."""
    short = text
    while short and width_of(short, size) > inches:
        text = text[:-1]
        short = f"{text}…" if text else ""
    return short
