"""Jinja environments for reports and model cards, with the filters that escape what users wrote."""

import json
import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape


def load_templates(package: str) -> Environment:
    """The folder `templates` of a package. `.html` is escaped; Markdown has the filters `line`, `cell`, `quote` and
    `fenced`, which show text as it is: it becomes neither HTML nor an image, a link or emphasis."""
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters.update(number=_number, json=_json, line=_line, cell=_cell, quote=_quote, fenced=_fenced)
    return environment


def _number(value: float | None, missing: str = "\N{EN DASH}") -> str:
    """Four digits, as the command line shows metrics; very small values in scientific notation. `missing` stands for
    None, by default a dash: a metric without a denominator is undefined."""
    if value is None:
        return missing
    return f"{value:.1e}" if 0 < abs(value) < 1e-4 else f"{value:.4f}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _line(text: str) -> str:
    """On one line, so that nothing in it can begin a block."""
    return _literal(" ".join(text.split()))


def _cell(text: str) -> str:
    """Of a table, in which a bar would end the cell."""
    return _line(text).replace("|", r"\|")


def _quote(text: str) -> str:
    return "\n".join(f"> {_literal(line)}" for line in text.splitlines())


def _fenced(text: str, language: str) -> str:
    """A block of code, with a fence that is longer than any in it."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}{fence}"


def _literal(text: str) -> str:
    return re.sub(r"[\\`*\[<]", r"\\\g<0>", text)
