"""Exit statuses of commands."""

from enum import IntEnum


class Exit(IntEnum):
    OK = 0
    FAILED = 1  # the watched experiment
    USAGE = 2
    NOT_FOUND = 3
    REJECTED = 4
    UNAVAILABLE = 5
    INTERRUPTED = 130
