"""What a machine may lack: tests that need it are skipped there, with the reason, and fail in CI (ci.py)."""

import os
import shutil
from pathlib import Path

import pytest

DATASETS_DIR = Path(os.environ.get("DATASETS_DIR", "nowhere"))
CLIENTS = Path(__file__).parents[2] / ".venv-clients"
CHARTS = Path(__file__).parents[2] / ".venv-charts"


def needs_file(name: str) -> pytest.MarkDecorator:
    """A file in DATASETS_DIR: no test downloads it."""
    return pytest.mark.skipif(not (DATASETS_DIR / name).is_file(), reason=f"DATASETS_DIR has no {name}")


def needs_programs(*names: str) -> pytest.MarkDecorator:
    missing = [name for name in names if shutil.which(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


needs_mnist = needs_file("mnist.npz")
needs_clients = pytest.mark.skipif(
    not (CLIENTS / ".ready").exists(), reason="no .venv-clients: `make clients` makes it"
)
needs_charts = pytest.mark.skipif(not (CHARTS / ".ready").exists(), reason="no .venv-charts: `make charts` makes it")
