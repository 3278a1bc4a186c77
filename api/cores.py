"""The cores that this process may keep busy."""

import math
import os
from contextlib import suppress
from pathlib import Path

_CGROUP_LIMITS = Path("/sys/fs/cgroup/cpu.max")


def usable_cores(limits: Path = _CGROUP_LIMITS) -> int:
    """At least one: a container may have the time of fewer than it sees."""
    seen = len(os.sched_getaffinity(0))
    with suppress(OSError, ValueError):
        quota, period = limits.read_text().split()
        return min(seen, max(1, math.floor(int(quota) / int(period))))
    return seen
