"""What commands print: tables and lines for people, JSON for scripts, complaints on standard error."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console

_PIPE_WIDTH = 200
_DIGITS = 4


def console() -> Console:
    """What a user has named is printed as it is, never read as markup. Nothing is cut short or broken
    into lines: what it prints is there to be copied."""
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    return Console(width=width, markup=False, highlight=False, emoji=False, soft_wrap=True)


def print_json(answer: Any) -> None:
    print(json.dumps(answer, ensure_ascii=False, indent=2))


def print_json_line(answer: Any) -> None:
    """On one line, at once: for answers of many lines."""
    print(json.dumps(answer, ensure_ascii=False), flush=True)


def warn(sentence: str) -> None:
    print(f"trainyard: {sentence}", file=sys.stderr, flush=True)


def metric_text(value: float | None) -> str:
    """Four digits behind the point; very small ones (learning rates) as powers of ten."""
    if value is None:
        return "not finite"
    if isinstance(value, float) and 0 < abs(value) < 10**-_DIGITS:
        return f"{value:.1e}"
    return f"{value:.{_DIGITS}f}"


def metrics_text(metrics: Mapping[str, float | None]) -> str:
    return "  ".join(f"{name} {metric_text(value)}" for name, value in metrics.items())
