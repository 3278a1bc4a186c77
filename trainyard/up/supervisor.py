"""Start the processes of `trainyard up` together, restart those that exit, stop them in order."""

import time
from collections.abc import Callable, Iterable, Sequence

from trainyard.up.child import Child, Command
from trainyard.up.log_file import rotate
from trainyard.up.signals import Signals

_TICK_SECONDS = 0.2
_FIRST_BACKOFF_SECONDS = 0.2
_MAX_BACKOFF_SECONDS = 10.0
_HEALTHY_SECONDS = 30.0


class Backoff:
    """Delays before restarts: 0.2 s, doubling up to 10 s; 0.2 s again after a life of 30 s."""

    def __init__(self) -> None:
        self._next = _FIRST_BACKOFF_SECONDS

    def next_delay(self, life_seconds: float) -> float:
        """The delay, in seconds, before restarting a process that ran for `life_seconds`."""
        if life_seconds >= _HEALTHY_SECONDS:
            self._next = _FIRST_BACKOFF_SECONDS
        delay = self._next
        self._next = min(2 * delay, _MAX_BACKOFF_SECONDS)
        return delay


class _Slot:
    """Keeps one command running: its child, or the time of its restart."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.child: Child | None = None
        self._backoff = Backoff()
        self._restart_at = 0.0

    def start(self) -> None:
        self.child = Child(self.command)

    def poll(self) -> str | None:
        """Restart the child if it is time; a line about an exit that was just noticed."""
        rotate(self.command.log)
        if self.child is None:
            if time.monotonic() >= self._restart_at:
                self.start()
            return None
        if self.child.is_alive:
            return None
        delay = self._backoff.next_delay(self.child.age_seconds)
        exit_text = self.child.describe_exit()
        self.child = None
        self._restart_at = time.monotonic() + delay
        return f"{self.command.name} ended {exit_text} and restarts in {delay:g} s; its log: {self.command.log}"


class Supervisor:
    """Keeps all commands running. `stop` ends the `waves` in order, the commands of one wave together.

    Each exit is passed to `report` as one line.
    """

    def __init__(self, waves: Sequence[Sequence[Command]], report: Callable[[str], None]) -> None:
        self._waves = [[_Slot(command) for command in wave] for wave in waves]
        self._report = report

    def start(self) -> None:
        """Start the last wave first: the others rely on it."""
        for slot in self._slots():
            slot.start()

    def child(self, name: str) -> Child:
        """The running child of the command `name`. Raises LookupError if it is not running."""
        for slot in self._slots():
            if slot.command.name == name and slot.child is not None:
                return slot.child
        raise LookupError(f"{name} is not running")

    def poll(self) -> None:
        """Notice exits and restart what is due. Call often."""
        for slot in self._slots():
            if (line := slot.poll()) is not None:
                self._report(line)

    def run(self, signals: Signals) -> None:
        """Keep them running until a signal asks to stop."""
        while not signals.wait(_TICK_SECONDS):
            self.poll()

    def stop(self, signals: Signals) -> None:
        """Terminate wave by wave and kill what exceeds its grace period; another signal to stop kills at once.

        No process is left running.
        """
        try:
            for wave in self._waves:
                if not self._stop_wave(wave, signals):
                    self._report("killing all processes")
                    break
        finally:
            for slot in self._slots():
                if slot.child is not None:
                    slot.child.kill()

    def _stop_wave(self, wave: Sequence[_Slot], signals: Signals) -> bool:
        """False if a signal asked to stop at once."""
        for child in _running(wave):
            child.terminate()
        terminated_at = time.monotonic()
        while running := list(_running(wave)):
            if signals.wait(_TICK_SECONDS):
                return False
            for child in running:
                grace = child.command.grace_seconds
                if time.monotonic() - terminated_at > grace and child.is_alive:
                    self._report(f"{child.command.name} did not end within {grace:g} s; killed")
                    child.kill()
        return True

    def _slots(self) -> Iterable[_Slot]:
        return (slot for wave in reversed(self._waves) for slot in wave)


def _running(wave: Iterable[_Slot]) -> Iterable[Child]:
    return (slot.child for slot in wave if slot.child is not None and slot.child.is_alive)
