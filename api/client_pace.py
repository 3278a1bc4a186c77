"""Whether a client keeps its connection busy, or only open."""

from typing import Literal

# What the server waits for: the head of the next request, the rest of a body, or that its answer is read.
Waiting = Literal["head", "body", "reading"]

LOOK_SECONDS = 2.5
GIVE_UP_SECONDS = 10.0
# Looks are counted, not seconds: a process that was stopped for a while has nobody to blame.
_LOOKS = round(GIVE_UP_SECONDS / LOOK_SECONDS)
# 240 bytes a second, Kestrel's limit for bodies and answers.
MIN_BYTES = 600


class ClientPace:
    """Of one connection, looked at each LOOK_SECONDS."""

    def __init__(self) -> None:
        self._waiting: Waiting | None = None
        self._looks = 0
        self._mark = 0

    def is_too_slow(self, waiting: Waiting | None, done: int) -> bool:
        """True if the server has waited for the same for GIVE_UP_SECONDS: for a head, or for a body or a reader with
        less than MIN_BYTES a look.

        `waiting` is None while the server is to act. `done` counts what the client has done of it: heads, bytes sent,
        or bytes read; it never falls while `waiting` is the same.
        """
        self._looks += 1
        expected = 1 if waiting == "head" else MIN_BYTES * self._looks
        if waiting is None or waiting != self._waiting or done - self._mark >= expected:
            self._waiting, self._looks, self._mark = waiting, 0, done
        return self._looks >= _LOOKS
