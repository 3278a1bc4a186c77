"""Services to break: one that is shared and repaired, and others for tests that need their own settings."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.service import Service
from tests.support.shared_service import SharedService
from tests.support.valkey import Valkey


@pytest.fixture(scope="session")
def shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedService]:
    shared = SharedService(lambda: tmp_path_factory.mktemp("service"))
    yield shared
    shared.stop()


@pytest.fixture
def service(shared_service: SharedService) -> Service:
    """An API and one warm worker on an empty store. The test may kill, pause and damage any of it."""
    return shared_service.lend()


@pytest.fixture
def make_service(tmp_path: Path, own_valkey: Valkey) -> Iterator[Callable[..., Service]]:
    """Make a service of the test's own, with some settings changed and nothing started."""
    services: list[Service] = []

    def make(**settings: object) -> Service:
        services.append(Service(tmp_path, own_valkey, **settings))
        return services[-1]

    yield make
    for each in services:
        each.stop()


@pytest.fixture
def slow_document(tiny_document: dict[str, Any]) -> dict[str, Any]:
    """A deterministic experiment that takes about 0.2 s per epoch, so that a fault hits it in the middle."""
    layers = [
        {"type": "Conv2D", "filters": 16, "kernel_size": 3, "padding": "same", "activation": "relu"},
        {"type": "Dropout", "rate": 0.3},
        {"type": "Flatten"},
        {"type": "Dense"},
    ]
    training = {"epochs": 14, "batch_size": 4, "deterministic": True}
    return {**tiny_document, "name": "slow", "model": {"layers": layers}, "training": training}
