"""Output: lines and tables for people, JSON for scripts, warnings on standard error."""

import json
import sys
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from rich.console import Console, RenderableType

from trainyard.answers.base import Answer

_PIPE_WIDTH = 200
A = TypeVar("A", bound=Answer)


def make_console() -> Console:
    """Prints users' names as they are, never as markup, and neither truncates nor wraps: output is there to copy."""
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    return Console(width=width, markup=False, highlight=False, emoji=False, soft_wrap=True)


def print_lines(*lines: RenderableType) -> None:
    screen = make_console()
    for line in lines:
        screen.print(line)


def print_answer(answer: A, as_json: bool, view: Callable[[A], Iterable[RenderableType]]) -> None:
    """The API's JSON, or what `view` makes of the answer."""
    if as_json:
        print_json(answer.to_dict())
    else:
        print_lines(*view(answer))


def print_json(document: Any) -> None:
    print(json.dumps(document, ensure_ascii=False, indent=2))


def print_json_line(document: Any) -> None:
    """One line, flushed at once: for a stream of documents."""
    print(json.dumps(document, ensure_ascii=False), flush=True)


def warn(sentence: str) -> None:
    print(f"trainyard: {sentence}", file=sys.stderr, flush=True)
