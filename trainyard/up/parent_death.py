"""Signal a child when its parent dies, where the kernel can (Linux)."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

_PR_SET_PDEATHSIG = 1


def terminate_with_parent() -> Callable[[], None] | None:
    """A `preexec_fn` for Popen: the child gets SIGTERM when the thread that starts it ends. None elsewhere."""
    return _TerminateWithParent(os.getpid()) if sys.platform == "linux" else None


class _TerminateWithParent:
    """Runs in the child between fork and exec, so everything it needs is loaded before."""

    def __init__(self, parent: int) -> None:
        self._prctl: Any = ctypes.CDLL(None).prctl
        self._parent = parent

    def __call__(self) -> None:
        self._prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != self._parent:
            os._exit(1)
