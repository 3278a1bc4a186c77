"""Rendering of a report as HTML and as Markdown."""

import base64
from collections.abc import Callable

from analysis.report.plots import Plot, plots_of
from analysis.report.report import Report
from analysis.templates import load_templates

_TEMPLATES = load_templates("analysis.report")


def render_html(report: Report, render: Callable[[Plot], bytes]) -> str:
    """One self-contained page: images are data URLs. `render` returns the SVG of a plot, which takes nearly all of the
    time."""
    plots = [
        (each.title, f"data:image/svg+xml;base64,{base64.b64encode(render(each)).decode()}")
        for each in plots_of(report)
    ]
    return _TEMPLATES.get_template("report.html").render(report=report, plots=plots)


def render_markdown(report: Report) -> str:
    return _TEMPLATES.get_template("report.md").render(report=report)
