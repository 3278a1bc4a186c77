"""Waiting for what has no events to follow."""

import time
from collections.abc import Callable

from trainyard.client import JsonObject

_LOOK_SECONDS = 0.5


def ended(look: Callable[[], JsonObject], *ends: str) -> JsonObject:
    """What `look` shows once its `status` is one of `ends`; it is asked twice a second. Ctrl-C stops waiting alone."""
    view = look()
    while view["status"] not in ends:
        time.sleep(_LOOK_SECONDS)
        view = look()
    return view
