"""Virtual environments of the peers, created once in the user's cache."""

import os
import subprocess
import sys
from pathlib import Path

_INSTALL_SECONDS = 900
_ALSO = ("onnxruntime", "pillow", "numpy", "python-multipart")


def python_of(peer: str, *also: str) -> Path | None:
    """The Python of an environment with the package `peer` and the requirements `also`. None, with a printed reason, if
    it cannot be installed."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "trainyard" / "serving-peers" / peer
    python, ready = folder / "bin" / "python", folder / ".ready"
    if ready.exists():
        return python
    print(f"installing {peer} ...", file=sys.stderr, flush=True)
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True, capture_output=True)
        install: list[str | Path] = [python, "-m", "pip", "install", "--quiet", peer, *_ALSO, *also]
        subprocess.run(install, check=True, capture_output=True, timeout=_INSTALL_SECONDS)
    except (subprocess.SubprocessError, OSError) as error:
        print(f"{peer} is left out: it does not install ({error})")
        return None
    ready.touch()
    return python
