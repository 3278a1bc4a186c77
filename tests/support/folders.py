"""Keeps the folders of tests in memory: the store syncs every file that it writes, and its tests would wait for the
disk most of their time. `--basetemp`, or a machine with little memory, keeps them on the disk."""

import os
from pathlib import Path

import psutil
import pytest

_MEMORY = Path("/dev/shm")
_MIN_FREE_BYTES = 4 << 30
# Where pytest makes the folders of its runs.
_VARIABLE = "PYTEST_DEBUG_TEMPROOT"


def pytest_configure(config: pytest.Config) -> None:
    if config.option.basetemp is None and _VARIABLE not in os.environ and _is_usable(_MEMORY):
        os.environ[_VARIABLE] = str(_MEMORY)


def _is_usable(folder: Path) -> bool:
    """Whether there is room for all tests, and programs may lie there."""
    if not os.access(folder, os.W_OK):
        return False
    system = os.statvfs(folder)
    free = min(system.f_bavail * system.f_frsize, psutil.virtual_memory().available)
    return free >= _MIN_FREE_BYTES and not system.f_flag & os.ST_NOEXEC
