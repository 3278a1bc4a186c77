"""A service of each test's own, to be broken."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.service import Service
from tests.support.valkey import Valkey


@pytest.fixture
def make_service(tmp_path: Path, own_valkey: Valkey) -> Iterator[Callable[..., Service]]:
    """Make a service with some settings changed; it is ended with the test."""
    services: list[Service] = []

    def make(**settings: object) -> Service:
        services.append(Service(tmp_path, own_valkey, **settings))
        return services[-1]

    yield make
    for each in services:
        each.stop()


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    """An API and one warm worker."""
    service = make_service()
    service.start_api()
    service.start_worker()
    return service


@pytest.fixture
def slow_document(tiny_document: dict[str, Any]) -> dict[str, Any]:
    """Deterministic, and slow enough to be hit in the middle: about a fifth of a second an epoch."""
    layers = [
        {"type": "Conv2D", "filters": 16, "kernel_size": 3, "padding": "same", "activation": "relu"},
        {"type": "Dropout", "rate": 0.3},
        {"type": "Flatten"},
        {"type": "Dense"},
    ]
    training = {"epochs": 14, "batch_size": 4, "deterministic": True}
    return {**tiny_document, "name": "slow", "model": {"layers": layers}, "training": training}
