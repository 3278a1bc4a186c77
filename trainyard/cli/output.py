"""Output: lines and tables for people, JSON for scripts, warnings on standard error."""

import json
import sys
from collections.abc import Callable, Iterable
from io import TextIOWrapper
from typing import Any, TypeVar

from rich.console import Console, RenderableType

from trainyard.answers.base import Answer

_PIPE_WIDTH = 10_000  # a line of a table is a line of the output
A = TypeVar("A", bound=Answer)


def accept_all_characters() -> None:
    """On a terminal or a pipe that is not Unicode, print ? for what it cannot show instead of failing."""
    if isinstance(sys.stdout, TextIOWrapper) and not _is_unicode():
        sys.stdout.reconfigure(errors="replace")


def can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _is_unicode() -> bool:
    return can_print("\U0010ffff")


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
    print(json.dumps(document, ensure_ascii=not _is_unicode(), indent=2))


def print_json_line(document: Any) -> None:
    """One line, flushed at once: for a stream of documents."""
    print(json.dumps(document, ensure_ascii=not _is_unicode()), flush=True)


def warn(sentence: str) -> None:
    print(f"trainyard: {sentence}", file=sys.stderr, flush=True)
