"""A Python that has numpy, Pillow and ONNX Runtime, and nothing else of what is installed here."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from tests.support.waiting import PATIENCE_SECONDS

_PACKAGES = ("numpy", "PIL", "onnxruntime")
# Shared libraries that wheels put beside their packages.
_LIBRARIES = ("numpy.libs", "pillow.libs", "onnxruntime.libs")


class CleanPython:
    def __init__(self, folder: Path) -> None:
        """`folder` becomes what `site-packages` is elsewhere."""
        self._packages = folder
        folder.mkdir()
        for name in _PACKAGES:
            found = importlib.util.find_spec(name)
            assert found is not None
            assert found.origin is not None
            package = Path(found.origin).parent
            for each in (package, *(package.parent / library for library in _LIBRARIES)):
                if each.exists() and not (folder / each.name).exists():
                    (folder / each.name).symlink_to(each)

    def run(self, *arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
        """`python ARGUMENTS` in `folder`; -S leaves out the `site-packages` that there are."""
        return subprocess.run(
            [sys.executable, "-S", *arguments],
            cwd=folder,
            env={"PYTHONPATH": str(self._packages), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
