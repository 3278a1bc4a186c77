"""Measuring, wrapping and shortening of text in figures."""

from bisect import bisect_left
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Literal

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import FT2Font, LoadFlags

Weight = Literal["normal", "bold"]
DPI = 110  # of every figure
HINTING = "force_autohint"  # Matplotlib's setting
_SUBPIXELS = 64  # FreeType's unit
_MISSING = "□"
_CACHED = 4_096


@lru_cache(maxsize=_CACHED)
def width_of(text: str, size: float, weight: Weight = "normal") -> float:
    """Width of one line in inches, at a font size in points: the larger of its widths in a PNG and in an SVG.

    Letters of a PNG begin at whole pixels, which makes some texts wider than their outlines in an SVG.
    """
    font = _font(weight)
    font.set_size(size, DPI)
    font.set_text(text, 0.0, flags=LoadFlags.NO_HINTING)
    svg, png = map(sum, zip((0.0, 0.0), *(_advances(letter, size, weight) for letter in text), strict=True))
    return font.get_width_height()[0] / _SUBPIXELS / DPI * max(1.0, png / max(svg, 1.0))


@lru_cache(maxsize=_CACHED)
def _advances(letter: str, size: float, weight: Weight) -> tuple[float, float]:
    """From a letter to the next one in an SVG and in a PNG. Hinting whole texts instead takes five times as long."""
    font = _font(weight)
    font.set_size(size, DPI)
    svg = font.load_char(ord(letter), flags=LoadFlags.NO_HINTING).horiAdvance
    return svg, font.load_char(ord(letter), flags=LoadFlags.FORCE_AUTOHINT).horiAdvance


def legible(text: str) -> str:
    """With □ for each character that the font does not have."""
    return "".join(character if ord(character) in _letters() else _MISSING for character in text)


def legible_names(names: Sequence[str]) -> list[str]:
    """Names of classes; one with characters that the font lacks begins with its index, which the API accepts."""
    readable = [legible(name) for name in names]
    return [
        shown if shown == name else f"#{index} {shown}"
        for index, (name, shown) in enumerate(zip(names, readable, strict=True))
    ]


def wrap(text: str, inches: float, size: float, weight: Weight = "normal") -> list[str]:
    """Break `text` into lines no wider than `inches`: between words, and inside a word that is wider than a line."""
    text = legible(text)
    if width_of(text, size, weight) <= inches:
        return [text]
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if width_of(longer, size, weight) <= inches:
            line = longer
            continue
        lines += [line] if line else []
        *whole, line = _pieces(word, inches, size, weight)
        lines += whole
    return [*lines, line]


def _pieces(word: str, inches: float, size: float, weight: Weight) -> list[str]:
    pieces = []
    while (end := max(1, _fitting(word, inches, size, weight))) < len(word):
        pieces.append(word[:end])
        word = word[end:]
    return [*pieces, word]


def shorten(text: str, inches: float, size: float, weight: Weight = "normal") -> str:
    """The longest beginning of `text` that fits into `inches`, with … in place of the rest."""
    text = legible(text)
    if width_of(text, size, weight) <= inches:
        return text
    end = _fitting(text, inches, size, weight, "…")
    return f"{text[:end]}…" if end else ""


def _fitting(text: str, inches: float, size: float, weight: Weight, ending: str = "") -> int:
    """How many characters of `text` fit into `inches` with `ending` behind them."""
    ends = range(1, len(text) + 1)
    return bisect_left(ends, True, key=lambda end: width_of(text[:end] + ending, size, weight) > inches)


@cache
def _letters() -> frozenset[int]:
    """Code points that the font has, both normal and bold."""
    return frozenset(_font("normal").get_charmap()) & frozenset(_font("bold").get_charmap())


def _font(weight: Weight) -> FT2Font:
    """Each thread has its own, as FreeType requires."""
    return get_font(findfont(FontProperties(weight=weight)))
