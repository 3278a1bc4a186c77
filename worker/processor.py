"""The processor, as Linux describes it in /proc/cpuinfo."""

import platform
from contextlib import suppress
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")


def processor_name(cpuinfo: Path) -> str:
    """As its maker calls it, else the architecture."""
    return next(iter(_values(cpuinfo, "model name")), "") or platform.machine()


def processor_flags(cpuinfo: Path) -> set[str]:
    """The instruction sets that it has, as Linux names them; none where it does not say."""
    return {flag for line in _values(cpuinfo, "flags") for flag in line.split()}


def _values(cpuinfo: Path, wanted: str) -> list[str]:
    """Of each core."""
    with suppress(OSError):
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
        pairs = (line.partition(":") for line in lines)
        return [" ".join(value.split()) for name, _, value in pairs if name.strip() == wanted]
    return []
