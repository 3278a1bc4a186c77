"""The paths of the API: which methods each has, and what a request for another path may have meant."""

import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

from starlette.routing import BaseRoute, Mount, Route

# Ends the paths of event streams, which never end by themselves, so that they have no HEAD.
STREAMS = "/events"

_PARAMETER = re.compile(r"\{\w+\}")
_SEPARATORS = re.compile("([/:])")
_MAX_SHOWN = 200
_CLOSE = 0.7


class _Path(NamedTuple):
    """`template` as in the OpenAPI document; `pattern` knows that the value of a parameter holds no colon."""

    template: str
    pattern: re.Pattern[str]
    methods: frozenset[str]


class Paths:
    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._by_verb: dict[str, list[_Path]] = {}
        self._folders: list[str] = []  # of files
        for route in routes:
            if isinstance(route, Route):
                self._by_verb.setdefault(verb_of(route.path), []).append(
                    _Path(route.path, _pattern(route.path), frozenset(route.methods or ()))
                )
            elif isinstance(route, Mount):
                self._folders.append(f"{route.path}/")

    def allowed(self, path: str) -> list[str]:
        """All methods of a path, in alphabetical order; none if there is no such path."""
        found = (each.methods for each in self._by_verb.get(verb_of(path), ()) if each.pattern.fullmatch(path))
        methods = set[str]().union(*found)
        if path.startswith(tuple(self._folders)):
            methods.add("GET")
        if "GET" in methods and not path.endswith(STREAMS):
            methods.add("HEAD")
        return sorted(methods)

    def explain_absence(self, path: str) -> str:
        """A sentence for a path that is unknown."""
        meant = self._closest(path) if len(path) <= _MAX_SHOWN else None
        suggestion = f"; did you mean {meant}?" if meant and meant != path else "."
        return f"No route for {path[:_MAX_SHOWN]}{suggestion} See /docs."

    def _closest(self, path: str) -> str | None:
        """The path that differs from `path` by the spelling of its words."""
        rated = ((_rate(path, each.template), each.template) for each in self._all())
        rating, template = max(rated, default=(0.0, ""))
        return _fill(template, path) if rating >= _CLOSE else None

    def _all(self) -> Iterator[_Path]:
        for paths in self._by_verb.values():
            yield from paths


def verb_of(path: str) -> str:
    """What follows the colon in the last part of a path, or of its template."""
    return path.rpartition("/")[2].partition(":")[2]


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile("[^/:]+".join(re.escape(each) for each in _PARAMETER.split(template)))


def _rate(path: str, template: str) -> float:
    """How much the words of a path resemble those of a template, from 0 to 1; 0 if they have other parts."""
    sent, known = _SEPARATORS.split(path), _SEPARATORS.split(template)
    if sent[1::2] != known[1::2]:
        return 0.0
    words = [(a, b) for a, b in zip(sent[::2], known[::2], strict=True) if b and not _PARAMETER.fullmatch(b)]
    if any(_PARAMETER.search(known_word) for _, known_word in words):
        return 0.0  # of several formats, there is none to suggest
    ratings = [SequenceMatcher(None, a.lower(), b.lower()).ratio() for a, b in words]
    return min(ratings, default=0.0)


def _fill(template: str, path: str) -> str:
    pairs = zip(_SEPARATORS.split(template), _SEPARATORS.split(path), strict=True)
    return "".join(sent if _PARAMETER.fullmatch(known) else known for known, sent in pairs)
