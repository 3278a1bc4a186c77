"""A program named nvidia-smi, which prints what the driver's own does on machines with GPUs, and a package named as
that of CUDA's libraries."""

import os
from pathlib import Path

import pytest

HEAD = "uuid, name, memory.total [MiB], compute_cap"
H200 = "GPU-6b4f5f0e-2f0b-8f0c-9a1e-0d3c1a5b7e21, NVIDIA H200, 143771 MiB, 9.0"
T4 = "GPU-1c9e7a52-77d3-46a8-b0fd-5f6e2d90c3aa, Tesla T4, 15360 MiB, 7.5"
UUIDS = tuple(each.split(",")[0] for each in (H200, T4))
_EXPECTED = "--query-gpu=uuid,name,memory.total,compute_cap --format=csv"


def install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *lines: str, status: int = 0, libraries: bool = True
) -> None:
    """Put it first on PATH; it prints `lines` if it is called as the driver's is, and exits with `status`. Unless
    without `libraries`, put these on PYTHONPATH."""
    folder.mkdir(exist_ok=True)
    if libraries:
        (folder / "nvidia" / "cudnn").mkdir(parents=True)
        monkeypatch.syspath_prepend(folder)
        monkeypatch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
    program = folder / "nvidia-smi"
    printed = "\n".join(lines)
    program.write_text(f"#!/bin/sh\n[ \"$*\" = '{_EXPECTED}' ] || exit 2\ncat <<'END'\n{printed}\nEND\nexit {status}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
