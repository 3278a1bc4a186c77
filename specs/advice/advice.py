"""One warning about a spec, with a change that mends what it is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Advice:
    """`sentence` says what was found, its consequence, and what to do; `patch`, a JSON merge patch (RFC 7396) of the
    spec, does it. None if the change is for the user to decide."""

    sentence: str
    patch: Mapping[str, Any] | None = None
