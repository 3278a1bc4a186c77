"""All the processes of `trainyard up`: started together, started again when they die, stopped in order."""

import time
from collections.abc import Callable, Iterable, Sequence

from trainyard.up.backoff import Backoff
from trainyard.up.child import Child, Command
from trainyard.up.signals import Signals

_TICK_SECONDS = 0.2


class _Place:
    """What keeps one command running: its child, or the time at which there will be one again."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.child: Child | None = None
        self._backoff = Backoff()
        self._starts_at = 0.0

    def start(self) -> None:
        self.child = Child(self.command)

    def tend(self) -> str | None:
        """Start again what is due; a line about an end that has just been noticed."""
        if self.child is None:
            if time.monotonic() >= self._starts_at:
                self.start()
            return None
        if self.child.is_alive:
            return None
        wait = self._backoff.after(self.child.age_seconds)
        line = f"{self.command.name} ended {self.child.ending()} and is started again in {wait:g} s; "
        self.child = None
        self._starts_at = time.monotonic() + wait
        return line + f"its log: {self.command.log}"


class Children:
    """`waves` are stopped one after the other, the commands of a wave together.

    `report` is told of each end.
    """

    def __init__(self, waves: Sequence[Sequence[Command]], report: Callable[[str], None]) -> None:
        self._waves = [[_Place(command) for command in wave] for wave in waves]
        self._report = report

    def start(self) -> None:
        """Start the last wave first: it is what the others rely on."""
        for place in self._places():
            place.start()

    def child(self, name: str) -> Child:
        """The running child of that name. Raises LookupError if there is none, or none at the moment."""
        for place in self._places():
            if place.command.name == name and place.child is not None:
                return place.child
        raise LookupError(f"no child named {name} is running")

    def tend(self) -> None:
        """Call often: notices ends and starts again what is due."""
        for place in self._places():
            if (line := place.tend()) is not None:
                self._report(line)

    def stop(self, signals: Signals) -> None:
        """Ask all to end, wave by wave, and kill what does not in its time; a signal to stop kills at once.

        Nothing is left running.
        """
        try:
            for wave in self._waves:
                if not self._stop_wave(wave, signals):
                    self._report("killing everything at once")
                    break
        finally:
            for place in self._places():
                if place.child is not None:
                    place.child.kill()

    def _stop_wave(self, wave: Sequence[_Place], signals: Signals) -> bool:
        """False if the user lost patience."""
        for child in _running(wave):
            child.terminate()
        asked = time.monotonic()
        while running := list(_running(wave)):
            if signals.wait(_TICK_SECONDS):
                return False
            for child in running:
                grace = child.command.grace_seconds
                if time.monotonic() - asked > grace and child.is_alive:
                    self._report(f"{child.command.name} did not end within {grace:g} s; killed")
                    child.kill()
        return True

    def _places(self) -> Iterable[_Place]:
        return (place for wave in reversed(self._waves) for place in wave)


def _running(wave: Iterable[_Place]) -> Iterable[Child]:
    return (place.child for place in wave if place.child is not None and place.child.is_alive)
