"""Rendering of a report as HTML and as Markdown."""

import base64
import json
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from analysis.report.plots import render_plots
from analysis.report.report import Report


def render_html(report: Report) -> str:
    """One self-contained page: images are data URLs."""
    plots = [
        (title, f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}") for title, svg in render_plots(report)
    ]
    return _TEMPLATES.get_template("report.html").render(report=report, plots=plots)


def render_markdown(report: Report) -> str:
    return _TEMPLATES.get_template("report.md").render(report=report)


def _number(value: float | None) -> str:
    """Four digits, as the command line shows metrics; very small values in scientific notation."""
    if value is None:
        return "not finite"
    return f"{value:.1e}" if 0 < abs(value) < 1e-4 else f"{value:.4f}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _line(text: str) -> str:
    """On one line, so that nothing in it can begin a block."""
    return " ".join(text.split())


def _cell(text: str) -> str:
    """Of a table, in which a bar would end the cell."""
    return _line(text).replace("|", r"\|")


def _quote(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())


_TEMPLATES = Environment(
    loader=PackageLoader("analysis.report"),
    autoescape=select_autoescape(["html"]),
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
_TEMPLATES.filters.update(number=_number, json=_json, line=_line, cell=_cell, quote=_quote)
