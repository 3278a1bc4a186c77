"""A report as HTML and as Markdown."""

import base64

from api.report.contents import Report
from api.report.pictures import pictures
from api.templates import templates_of

_TEMPLATES = templates_of("api.report")


def as_html(report: Report) -> str:
    """One file: pictures are in it."""
    shown = [(title, f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}") for title, svg in pictures(report)]
    return _TEMPLATES.get_template("report.html").render(report=report, pictures=shown)


def as_markdown(report: Report) -> str:
    return _TEMPLATES.get_template("report.md").render(report=report)
