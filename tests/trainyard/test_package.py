"""The package as it is imported."""

import subprocess
import sys

import pytest

import trainyard
from settings import VERSION


def test_version_is_that_of_the_api() -> None:
    assert trainyard.__version__ == VERSION


def test_unknown_attribute_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Clients'"):
        trainyard.Clients  # noqa: B018


def test_import_is_light() -> None:
    heavy = ("typer", "rich", "numpy", "PIL", "pandas", "redis", "celery", "fastapi")
    program = f"import sys, trainyard; print([name for name in {heavy!r} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
