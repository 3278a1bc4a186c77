"""Suggestions for misspelled names, and the other spellings of Keras."""

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from specs.problem import format_value
from specs.schema import FieldError


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return "did you mean `...`? " with the closest of `known`, or "" if none is close."""
    match = closest(name, known)
    return f"did you mean `{match}`? " if match else ""


def closest(name: str, known: Iterable[str]) -> str | None:
    """The one of `known` that is closest to `name`; None if none is close."""
    by_lower = {other.lower(): other for other in known}
    matches = get_close_matches(name.lower(), by_lower, n=1)
    return by_lower[matches[0]] if matches else None


def keras_spelling(what: str, types: Iterable[str], others: Mapping[str, str]) -> Callable[[Any], Any]:
    """A validator that turns Keras's other spellings of an object into the one with `type`: its name alone, in any
    case, with underscores, or one of `others`; and the `class_name` and `config` of a serialized object.

    It raises FieldError for a name that is not among `types` and `others`.
    """
    known = tuple(types)
    by_spelling = {_plain(name): name for name in known} | {_plain(name): kind for name, kind in others.items()}

    def spell(value: Any) -> Any:
        if isinstance(value, str):
            if _plain(value) not in by_spelling:
                hint = did_you_mean(value, [*known, *others])
                detail = f"unknown {what} {format_value(value)}; {hint}known: {', '.join(known)}"
                raise FieldError((), detail)
            return {"type": by_spelling[_plain(value)]}
        if not isinstance(value, Mapping):
            return value
        config = value.get("config")
        if set(value) <= {"class_name", "config", "module", "registered_name"} and isinstance(config, Mapping):
            value = {"type": value.get("class_name"), **config}
            value.pop("name", None)
        kind = value.get("type")
        return {**value, "type": by_spelling.get(_plain(kind), kind)} if isinstance(kind, str) else value

    return spell


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
