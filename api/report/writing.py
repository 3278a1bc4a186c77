"""A report as HTML and as Markdown."""

import base64
import json
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from api.report.contents import Report
from api.report.pictures import pictures

_TEMPLATES = Environment(
    loader=PackageLoader("api.report"),
    autoescape=select_autoescape(["html"]),
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)


def as_html(report: Report) -> str:
    """One file: pictures are in it."""
    shown = [(title, f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}") for title, svg in pictures(report)]
    return _TEMPLATES.get_template("report.html").render(report=report, pictures=shown)


def as_markdown(report: Report) -> str:
    return _TEMPLATES.get_template("report.md").render(report=report)


def _figure(value: float | None) -> str:
    """Four digits, as the command line shows metrics; very small ones as powers of ten."""
    if value is None:
        return "not finite"
    return f"{value:.1e}" if 0 < abs(value) < 1e-4 else f"{value:.4f}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _line(text: str) -> str:
    """On one line, so that nothing in it can begin a block."""
    return " ".join(text.split())


def _cell(text: str) -> str:
    """Of a table: a bar would end it."""
    return _line(text).replace("|", r"\|")


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())


_TEMPLATES.filters.update(figure=_figure, json=_json, line=_line, cell=_cell, quoted=_quoted)
