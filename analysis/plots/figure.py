"""Matplotlib figures: their title, and rendering to PNG and SVG.

Uses the object interface only: pyplot keeps a reference to every figure. Matplotlib shares fonts and settings between
threads, so that one figure is rendered at a time.
"""

from collections.abc import Callable
from io import BytesIO
from threading import Lock
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.plots.text_layout import DPI, HINTING, font_families, wrap

Format = Literal["png", "svg"]
_DRAWING = Lock()
_MARGIN = 0.2  # inches, as what follows
_TITLE_INCHES, _TEXT_INCHES = 0.24, 0.17
_TITLE_SIZE, _TEXT_SIZE = 11, 8  # points
INK, PALE, ACCENT = "#1f2430", "#8a91a0", "#2457c5"


def render(draw: Callable[[], Figure], image_format: Format) -> bytes:
    """Render the figure that `draw` returns. The same figure gives the same bytes, without ids and dates."""
    settings: dict[Any, Any] = {
        "font.family": font_families(),
        "font.size": 9.0,
        "svg.hashsalt": "trainyard",
        "text.parse_math": False,
        "text.hinting": HINTING,
    }
    with _DRAWING, mpl.rc_context(settings):
        file = BytesIO()
        metadata = {"Date": None} if image_format == "svg" else None
        draw().savefig(file, format=image_format, dpi=DPI, metadata=metadata)
    return file.getvalue()


def header(title: str, lines: list[str], size: tuple[float, float]) -> tuple[Figure, Axes]:
    """A figure with a title and smaller lines, wrapped to its width, above axes of `size` in inches."""
    width, height = size[0] + 2 * _MARGIN, size[1]
    titles = wrap(title, size[0], _TITLE_SIZE, "bold")
    texts = [part for line in lines for part in wrap(line, size[0], _TEXT_SIZE)]
    head = _MARGIN + len(titles) * _TITLE_INCHES + len(texts) * _TEXT_INCHES
    total = head + height + _MARGIN
    figure = Figure(figsize=(width, total), dpi=DPI, facecolor="white")
    y = total - _MARGIN
    for text in titles:
        figure.text(_MARGIN / width, y / total, text, va="top", fontsize=_TITLE_SIZE, fontweight="bold", color=INK)
        y -= _TITLE_INCHES
    for text in texts:
        figure.text(_MARGIN / width, y / total, text, va="top", fontsize=_TEXT_SIZE, color=PALE)
        y -= _TEXT_INCHES
    axes = figure.add_axes((_MARGIN / width, _MARGIN / total, size[0] / width, height / total))
    return figure, axes
