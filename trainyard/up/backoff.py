"""How long to wait before a child is started again."""

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 10.0
HEALTHY_SECONDS = 30.0


class Backoff:
    """0.2 s, doubling up to 10 s; from the start again after a life of 30 s."""

    def __init__(self) -> None:
        self._next = FIRST_SECONDS

    def after(self, life_seconds: float) -> float:
        """The wait, in seconds, before what has lived for `life_seconds` is started again."""
        if life_seconds >= HEALTHY_SECONDS:
            self._next = FIRST_SECONDS
        wait = self._next
        self._next = min(2 * wait, LONGEST_SECONDS)
        return wait
