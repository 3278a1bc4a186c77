"""Two models that serve: of images, and of numbers."""

from collections.abc import Callable
from typing import Any

import pytest

from models_store.store import Store
from specs.experiment import ExperimentSpec, parse_spec
from tests.support.api import ApiClient
from tests.support.published import publish


@pytest.fixture
def digits(client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec]) -> str:
    """The id of an experiment whose network calls an image by the brightest of its first ten pixels."""
    return publish(api_store, tiny_spec()).id


@pytest.fixture
def blobs(client: ApiClient, api_store: Store, tiny_document: dict[str, Any]) -> str:
    """The id of an experiment whose network tells four classes by which of two features is positive."""
    return publish(api_store, parse_spec({**tiny_document, "dataset": {"name": "blobs"}})).id
