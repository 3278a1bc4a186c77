"""Templates of pages, and how they show figures and what people wrote."""

import json
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape


def templates_of(package: str) -> Environment:
    """Those in the folder `templates` of `package`; `.html` is escaped, Markdown has the filters below for that."""
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters.update(figure=_figure, json=_json, line=_line, cell=_cell, quoted=_quoted)
    return environment


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
