"""A report as HTML and as Markdown."""

import base64

from analysis.report.plots import images
from analysis.report.report import Report
from analysis.templates import templates_of

_TEMPLATES = templates_of("analysis.report")


def as_html(report: Report) -> str:
    """One file: images are in it."""
    shown = [(title, f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}") for title, svg in images(report)]
    return _TEMPLATES.get_template("report.html").render(report=report, images=shown)


def as_markdown(report: Report) -> str:
    return _TEMPLATES.get_template("report.md").render(report=report)
