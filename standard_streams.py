"""Standard output and standard error that never hold a process up.

A log that nobody reads, or for which the disk has no room, loses lines; the service continues.
"""

import io
import os
import socket
import stat
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class LossyStream(io.RawIOBase):
    """Writes to a descriptor what can be written at once."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._is_socket = False
        with suppress(OSError):
            self._is_socket = stat.S_ISSOCK(os.fstat(descriptor).st_mode)

    def fileno(self) -> int:
        return self._descriptor

    def writable(self) -> bool:
        return True

    def write(self, data: "ReadableBuffer") -> int:
        with suppress(OSError):
            if self._is_socket:
                self._send(data)
            else:
                os.write(self._descriptor, data)
        return len(memoryview(data))

    def _send(self, data: "ReadableBuffer") -> None:
        borrowed = socket.socket(fileno=self._descriptor)
        try:
            borrowed.send(data, socket.MSG_DONTWAIT)
        finally:
            borrowed.detach()


def lose_what_cannot_be_written() -> None:
    """For this process and those that it starts, until it ends. Call it before anything is logged."""
    for descriptor, names in ((1, ("stdout", "__stdout__")), (2, ("stderr", "__stderr__"))):
        _stop_waiting(descriptor)
        stream = io.TextIOWrapper(io.BufferedWriter(LossyStream(descriptor), 1), "utf-8", "backslashreplace")
        stream.reconfigure(write_through=True)
        for name in names:
            setattr(sys, name, stream)


def _stop_waiting(descriptor: int) -> None:
    """Open a pipe once more: the mode of the inherited one is that of all processes that share it. A file makes nobody
    wait; a socket cannot be opened, and is written to without waiting."""
    with suppress(OSError):
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            own = os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.dup2(own, descriptor)
            os.close(own)
