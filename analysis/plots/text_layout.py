"""Fonts of figures; measuring, wrapping and shortening of their text."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Literal

from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.ft2font import FT2Font, LoadFlags
from noto_cjk_sans_jp_regular import FONT_PATH as CJK_FONT

Weight = Literal["normal", "bold"]
DPI = 110  # of every figure
HINTING = "force_autohint"  # Matplotlib's setting
_SUBPIXELS = 64  # FreeType's unit
_MISSING = "□"
_CACHED = 4_096


@cache
def font_families() -> tuple[str, ...]:
    """The first that has a character draws it: Matplotlib's own font, then one with Chinese, Japanese and Korean."""
    fontManager.addfont(str(CJK_FONT))
    regular = fontManager.ttflist.pop()
    # Its normal letters stand in for bold ones, which would double its size. Fonts of the machine that have the same
    # name are left out: a figure is the same everywhere.
    others = [each for each in fontManager.ttflist if each.name != regular.name]
    fontManager.ttflist = [*others, regular, replace(regular, weight=700)]
    return "DejaVu Sans", regular.name


@lru_cache(maxsize=_CACHED)
def width_of(text: str, size: float, weight: Weight = "normal") -> float:
    """Width of one line in inches, at a font size in points: the larger of its widths in a PNG and in an SVG.

    Letters of a PNG begin at whole pixels, which makes some texts wider than their outlines in an SVG.
    """
    font = get_font(_font_files(weight))  # each thread has its own, as FreeType requires
    font.set_size(size, DPI)
    font.set_text(text, 0.0, flags=LoadFlags.NO_HINTING)
    svg, png = map(sum, zip((0.0, 0.0), *(_advances(letter, size, weight) for letter in text), strict=True))
    return font.get_width_height()[0] / _SUBPIXELS / DPI * max(1.0, png / max(svg, 1.0))


@lru_cache(maxsize=_CACHED)
def _advances(letter: str, size: float, weight: Weight) -> tuple[float, float]:
    """From a letter to the next one in an SVG and in a PNG. Hinting whole texts instead takes five times as long."""
    font = _font_with(letter, weight)
    font.set_size(size, DPI)
    svg = font.load_char(ord(letter), flags=LoadFlags.NO_HINTING).horiAdvance
    return svg, font.load_char(ord(letter), flags=LoadFlags.FORCE_AUTOHINT).horiAdvance


def legible(text: str) -> str:
    """With □ for each character that no font has."""
    return "".join(character if _is_legible(character) else _MISSING for character in text)


def legible_names(names: Sequence[str]) -> list[str]:
    """Names of classes; one with characters that no font has begins with its index, which the API accepts."""
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


@lru_cache(maxsize=_CACHED)
def _is_legible(character: str) -> bool:
    """Whether normal and bold text can have it."""
    weights: tuple[Weight, ...] = ("normal", "bold")
    return all(_font_with(character, weight).get_char_index(ord(character)) for weight in weights)


def _font_with(character: str, weight: Weight) -> FT2Font:
    """The font that draws `character`; the first one if none has it."""
    fonts = [get_font(file) for file in _font_files(weight)]
    return next((font for font in fonts if font.get_char_index(ord(character))), fonts[0])


@cache
def _font_files(weight: Weight) -> tuple[str, ...]:
    """In the order of `font_families`."""
    return tuple(str(findfont(FontProperties(family=family, weight=weight))) for family in font_families())
