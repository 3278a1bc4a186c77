"""Counts how many networks are built."""

from typing import Any

import pytest

from specs import network_builder
from specs.assembly import Assembly


def count_builds(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A list that grows by one item with each network that is built from now on."""
    builds: list[Any] = []

    def assemble(*args: Any) -> Assembly:
        builds.append(args)
        return Assembly(*args)

    monkeypatch.setattr(network_builder, "Assembly", assemble)
    return builds
