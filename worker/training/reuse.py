"""Makes the process of one training fit for the next, and says whether it is."""

import ctypes
import gc
import logging
import os
import resource
import signal
import threading
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

log = logging.getLogger("trainer")

_PAGE_BYTES = resource.getpagesize()


class Reuse:
    """Remembers the process as it was before its first training."""

    def __init__(self, max_growth_bytes: int) -> None:
        gc.collect()
        # What the imports have made lives as long as the process: no collection need look at it again.
        gc.freeze()
        self._before = _shared_state()
        self._max_bytes = resident_bytes() + max_growth_bytes

    def restore(self) -> bool:
        """Forget the last training; False if something is left of it, so that the process must end."""
        _forget()
        left = [name for name, value in _shared_state().items() if value != self._before[name]]
        if left:
            log.warning("trainer %d ends: its last training has changed %s", os.getpid(), ", ".join(left))
            return False
        if (used := resident_bytes()) > self._max_bytes:
            log.info("trainer %d ends: it has %d MB of memory", os.getpid(), used // 1_000_000)
            return False
        return True


def resident_bytes() -> int:
    """The memory of this process."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES


def _forget() -> None:
    # Graphs, names of layers, seeds and kernels. Functions go with the models that they belong to.
    keras.utils.clear_session(free_memory=False)
    gc.collect()
    # Otherwise the heap keeps what was freed, and the memory of a large dataset would count as growth.
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _shared_state() -> dict[str, Any]:
    """What all trainings in a process share, and none may change."""
    return {
        "the environment": dict(os.environ),
        "the working directory": Path.cwd(),
        "its priority": os.getpriority(os.PRIO_PROCESS, 0),
        "signal handlers": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "Keras's settings": (
            keras.config.dtype_policy().name,
            keras.config.floatx(),
            keras.config.epsilon(),
            keras.config.image_data_format(),
        ),
        "TensorFlow's settings": (tf.config.functions_run_eagerly(), tf.config.optimizer.get_jit()),
        "open files": _open_files(),
        "threads": sorted(thread.name for thread in threading.enumerate() if not thread.daemon),
    }


def _open_files() -> list[str]:
    """The paths of open files, without devices."""
    targets = (str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
    return sorted(path for path in targets if path.startswith("/") and not path.startswith(("/dev/", "/proc/")))
