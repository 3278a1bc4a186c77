"""Client and command line of Trainyard, a service that trains and serves image classifiers."""

from typing import Any

from trainyard.async_client import AsyncClient
from trainyard.client import Client
from trainyard.errors import TrainyardError

__all__ = ["AsyncClient", "Client", "TrainyardError", "__version__"]

__version__: str


def __getattr__(name: str) -> Any:
    """`__version__` is looked up when asked for, because that takes time, and fails in an uninstalled checkout."""
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415

        return version("trainyard")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
