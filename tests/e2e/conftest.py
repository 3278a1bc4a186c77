"""A `trainyard up` that all tests share, and others for tests that end it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running_up import RunningUp


@pytest.fixture(scope="package")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningUp]:
    """A shared `up`. A test that breaks something in it waits until `up` has repaired it."""
    running = RunningUp(tmp_path_factory.mktemp("up"))
    yield running
    running.close()


@pytest.fixture
def start_up() -> Iterator[Callable[..., RunningUp]]:
    """Start an `up` for one test in a folder, with options."""
    started: list[RunningUp] = []

    def start(folder: Path, *options: str) -> RunningUp:
        started.append(RunningUp(folder, None, *options))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture
def tiny_document(tiny_document: dict[str, Any]) -> dict[str, Any]:
    """Not deterministic: such an experiment wants a fresh trainer, and so does the one after it."""
    return {**tiny_document, "training": {**tiny_document["training"], "deterministic": False}}
