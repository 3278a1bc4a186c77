"""Suggestions for misspelled names."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return "did you mean `...`? " with the closest of `known`, or "" if none is close."""
    by_lower = {other.lower(): other for other in known}
    matches = get_close_matches(name.lower(), by_lower, n=1)
    return f"did you mean `{by_lower[matches[0]]}`? " if matches else ""
