"""Services of a test's own, beside the shared one, and what is trained on them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.service import Service
from tests.support.valkey import Valkey


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
def tiny_document(tiny_document: dict[str, Any]) -> dict[str, Any]:
    """Not deterministic: such an experiment wants a fresh trainer, and so does the one after it."""
    return {**tiny_document, "training": {**tiny_document["training"], "deterministic": False}}
