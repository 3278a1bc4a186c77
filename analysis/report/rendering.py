"""Rendering of a report as HTML and as Markdown."""

import base64

from analysis.report.plots import render_plots
from analysis.report.report import Report
from analysis.templates import load_templates

_TEMPLATES = load_templates("analysis.report")


def render_html(report: Report) -> str:
    """One self-contained page: images are data URLs."""
    plots = [
        (title, f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}") for title, svg in render_plots(report)
    ]
    return _TEMPLATES.get_template("report.html").render(report=report, plots=plots)


def render_markdown(report: Report) -> str:
    return _TEMPLATES.get_template("report.md").render(report=report)
