"""The pace of a training: the steps of a graph call, and how long the rest takes."""

# The target duration of one graph call: the delay of a stop, and the interval of progress.
_CALL_SECONDS = 0.25
# Steps that took less time say too little about those to come.
_MIN_SECONDS = 1.0
# What an epoch counts beside the next one: other processes of the machine come and go.
_KEPT = 0.5


class Pace:
    """Of the steps of one attempt. The first graph call, which traces and compiles, does not count, nor does what
    follows the steps of the first epoch: the first validation compiles as well.

    `chunk` is how many steps the next call should have, and `steps_per_second` the rate of the last one, None if it is
    not known.
    """

    def __init__(self) -> None:
        self.chunk = 1
        self.epochs = 0
        self.steps_per_second: float | None = None
        self._has_compiled = False
        self._steps = 0.0
        self._seconds = 0.0

    def add_steps(self, steps: int, seconds: float) -> None:
        """A graph call has ended."""
        self.chunk = max(1, min(4 * self.chunk, int(steps / seconds * _CALL_SECONDS)))
        if self._has_compiled:
            self.steps_per_second = steps / seconds
            self._steps += steps
            self._seconds += seconds
        self._has_compiled = True

    def add_pause(self, seconds: float) -> None:
        """Something else took `seconds`, such as a validation or the wait for augmented images."""
        if self.epochs:
            self._seconds += seconds

    def end_epoch(self) -> None:
        self.epochs += 1
        self._steps *= _KEPT
        self._seconds *= _KEPT

    def seconds_for(self, steps: int) -> float | None:
        """How long `steps` take, validation included; None while too little is known, in the first second of the first
        epoch."""
        if not self._steps or (self.epochs == 0 and self._seconds < _MIN_SECONDS):
            return None
        return steps * self._seconds / self._steps
