"""Wait for signals instead of being interrupted by them."""

import select
import signal
import socket
from types import FrameType
from typing import Self

STOPPING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})


class Signals:
    """A context that catches the signals that ask to stop, and SIGCHLD. Main thread only.

    SIGHUP stays ignored where it was ignored (`nohup`); SIGINT does not: shells start background jobs with it ignored.
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
        """Wait for any signal, at most `seconds`; True if one that asks to stop has arrived."""
        if not select.select([self._reader], [], [], max(seconds, 0))[0]:
            return False
        return not STOPPING.isdisjoint(self._reader.recv(4096))


def _wake(_number: int, _frame: FrameType | None) -> None:
    """Python writes a signal's number to the wakeup descriptor only if a handler is installed."""
