"""How many cores there are to use."""

import os
from pathlib import Path

from api.cores import usable_cores


def test_cores_are_those_of_the_container(tmp_path: Path) -> None:
    seen = len(os.sched_getaffinity(0))
    limits = tmp_path / "cpu.max"
    for text, cores in (("100000 100000", 1), ("50000 100000", 1), ("max 100000", seen), ("nonsense", seen)):
        limits.write_text(f"{text}\n")
        assert usable_cores(limits) == cores
    assert usable_cores(tmp_path / "missing") == seen
