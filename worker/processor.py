"""The processor, as Linux describes it in /proc/cpuinfo."""

import platform
from contextlib import suppress
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
# x86 instructions that multiply in bfloat16, as Linux names them; without them it is emulated, and slower.
_BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}
# The compute capability of Ampere, the first GPUs with bfloat16.
BFLOAT16_CAPABILITY = (8, 0)


def processor_name(cpuinfo: Path) -> str:
    """As its maker calls it, else the architecture."""
    return next(iter(_values(cpuinfo, "model name")), "") or platform.machine()


def processor_flags(cpuinfo: Path) -> set[str]:
    """The instruction sets that it has, as Linux names them; none where it does not say."""
    return {flag for line in _values(cpuinfo, "flags") for flag in line.split()}


def has_bfloat16(cpuinfo: Path) -> bool:
    """Whether it computes in bfloat16."""
    return not _BFLOAT16_FLAGS.isdisjoint(processor_flags(cpuinfo))


def _values(cpuinfo: Path, wanted: str) -> list[str]:
    """Of each core."""
    with suppress(OSError):
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
        pairs = (line.partition(":") for line in lines)
        return [" ".join(value.split()) for name, _, value in pairs if name.strip() == wanted]
    return []
