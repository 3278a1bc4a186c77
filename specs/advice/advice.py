"""One warning about a spec, with a change that mends what it is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Advice:
    """`sentence` says what was found, its consequence, and what to do; `patch`, a JSON merge patch (RFC 7396), does it:
    to the spec with all defaults filled in, and to the document that the user wrote, in which objects may be left out
    or spelled as Keras does, so that it names their types. None if the change is for the user to decide."""

    sentence: str
    patch: Mapping[str, Any] | None = None
