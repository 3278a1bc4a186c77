"""Text that fits: letters differ in width, so that it is measured, not counted."""

from bisect import bisect_left
from collections.abc import Sequence
from functools import cache, lru_cache
from textwrap import wrap
from typing import Literal

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import FT2Font, LoadFlags

Weight = Literal["normal", "bold"]
_POINTS_PER_INCH = 72
_SUBPIXELS = 64  # FreeType counts in these
# A PNG has letters that begin at whole pixels, which takes more room than their outlines.
_HINTING = 1.1
_MISSING = "□"


@lru_cache(maxsize=4096)
def width_of(text: str, size: float, weight: Weight = "normal") -> float:
    """In inches, of one line in letters of `size` points."""
    font = _font(weight)
    font.set_size(size, _POINTS_PER_INCH)
    font.set_text(text, 0.0, flags=LoadFlags.NO_HINTING)
    return font.get_width_height()[0] / _SUBPIXELS * _HINTING / _POINTS_PER_INCH


def legible(text: str) -> str:
    """With □ for each character that the font has no letter for."""
    return "".join(character if ord(character) in _letters() else _MISSING for character in text)


def legible_names(names: Sequence[str]) -> list[str]:
    """Names of classes; one with letters that the font lacks begins with its index, which the API takes as well."""
    readable = [legible(name) for name in names]
    return [
        shown if shown == name else f"#{index} {shown}"
        for index, (name, shown) in enumerate(zip(names, readable, strict=True))
    ]


def wrapped(text: str, inches: float, size: float, weight: Weight = "normal") -> list[str]:
    """Lines that are no wider than `inches`, broken between words where there are any."""
    text = legible(text)
    characters = len(text)
    lines = [text]
    while characters > 1 and max(width_of(line, size, weight) for line in lines) > inches:
        characters = max(1, characters * 9 // 10)
        lines = wrap(text, characters) or [text]
    return lines


def shortened(text: str, inches: float, size: float, weight: Weight = "normal") -> str:
    """Its beginning, with … where something is left out."""
    text = legible(text)
    if width_of(text, size, weight) <= inches:
        return text
    too_wide = bisect_left(range(1, len(text)), True, key=lambda end: width_of(f"{text[:end]}…", size, weight) > inches)
    return f"{text[:too_wide]}…" if too_wide else ""


@cache
def _letters() -> frozenset[int]:
    """Code points that a figure can write, whether bold or not."""
    return frozenset(_font("normal").get_charmap()) & frozenset(_font("bold").get_charmap())


def _font(weight: Weight) -> FT2Font:
    """Each thread has its own."""
    return get_font(findfont(FontProperties(weight=weight)))
