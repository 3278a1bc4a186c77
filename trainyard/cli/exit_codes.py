"""What the exit status of a command means."""

from enum import IntEnum


class Exit(IntEnum):
    OK = 0
    FAILED = 1  # the experiment that was watched
    USAGE = 2
    NOT_FOUND = 3
    REFUSED = 4
    UNAVAILABLE = 5
    INTERRUPTED = 130
