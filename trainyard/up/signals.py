"""The signals that a process manager lives by, waited for instead of interrupted by."""

import select
import signal
import socket
from types import FrameType
from typing import Self

STOPPING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})


class Signals:
    """While entered, catches what asks to stop and what says that a child has ended. Main thread only.

    SIGHUP stays ignored where it was (`nohup`); SIGINT does not: background jobs are started with it ignored.
    """

    def __enter__(self) -> Self:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._handlers = {
            number: signal.signal(number, _wake)
            for number in (*STOPPING, signal.SIGCHLD)
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN
        }
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._reader.close()
        self._writer.close()

    def wait(self, seconds: float) -> bool:
        """Wait for any signal, at most `seconds`; True if one of those that arrived asks to stop."""
        if not select.select([self._reader], [], [], max(seconds, 0))[0]:
            return False
        return not STOPPING.isdisjoint(self._reader.recv(4096))


def _wake(_number: int, _frame: FrameType | None) -> None:
    """Python writes the signal's number to the wakeup descriptor only if there is a handler."""
