"""The API in this process, on a real store."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from models_store.store import Store
from settings import Settings
from tests.support.store import LEASE_SECONDS
from tests.support.valkey import Valkey
from tests.support.waiting import eventually


@pytest.fixture
def settings(tmp_path: Path, valkey: Valkey) -> Settings:
    return Settings(
        redis_url=valkey.url, store_dir=tmp_path / "store", lease_seconds=LEASE_SECONDS, reconcile_seconds=0.2
    )


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        # The first sweep has made the index whole.
        eventually(lambda: client.get("/experiments").is_success)
        yield client


@pytest.fixture
def api_store(client: TestClient) -> Store:
    """The store that the API itself uses."""
    store: Store = client.app.state.store  # type: ignore[attr-defined]
    return store
