"""Suggestions for misspelled names."""

from collections.abc import Iterable
from difflib import get_close_matches

# To compare takes a time that grows with the product of the lengths; nothing of ours is close to a longer name.
_MAX_LETTERS = 100


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return "did you mean `...`? " with the closest of `known`, or "" if none is close."""
    match = closest(name, known)
    return f"did you mean `{match}`? " if match else ""


def closest(name: str, known: Iterable[str]) -> str | None:
    """The one of `known` that is closest to `name`; None if none is close."""
    if len(name) > _MAX_LETTERS:
        return None
    by_lower = {other.lower(): other for other in known}
    matches = get_close_matches(name.lower(), by_lower, n=1)
    return by_lower[matches[0]] if matches else None
