"""Whether a worker consumes its queues."""


class Consumption:
    """A worker that is idle while messages wait, for `max_checks` checks in a row, does not consume: the message next
    in line would reach it within milliseconds. Checks are counted, not seconds, so that a pause of the whole process
    is no sign of it."""

    def __init__(self, max_checks: int) -> None:
        self._max_checks = max_checks
        self._received = 0
        self._idle_checks = 0

    def check(self, waiting: int, is_busy: bool, received: int) -> bool:
        """False if it does not consume. `waiting` counts queues with messages, `received` messages since
        the start."""
        is_idle = waiting > 0 and not is_busy and received == self._received
        self._idle_checks = self._idle_checks + 1 if is_idle else 0
        self._received = received
        return self._idle_checks < self._max_checks
