"""The API in this process, on a real store, with every answer checked against its OpenAPI document."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.dependencies import Services
from models_store.access.key import Key
from models_store.store import Store
from settings import Settings
from specs.access import KeyScope, KeySpec
from tests.support.applications import discard, new_application
from tests.support.contract import Contract
from tests.support.valkey import Valkey
from tests.support.waiting import eventually

_contracts: list[Contract] = []


def contract_of(app: FastAPI) -> Contract:
    """One for all of a session: the document does not depend on the settings, and takes a second to make."""
    if not _contracts:
        _contracts.append(Contract(app.openapi()))
    return _contracts[0]


class ApiClient(TestClient):
    """Fails the test that receives an answer whose status, media type or body is not in the document, whose type a
    browser may guess, or that sets a cookie, which a browser would send by itself. Of what a test reads as a stream
    the body is not checked."""

    __test__ = False

    def __init__(self, settings: Settings) -> None:
        self.api = new_application(settings)
        self.contract = contract_of(self.api)
        self.api.openapi_schema = self.contract.document
        super().__init__(self.api, raise_server_exceptions=False)

    def __exit__(self, *raised: Any) -> None:
        super().__exit__(*raised)
        discard(self.api)

    def sign_in(self, *scopes: KeyScope, owner: str = "ann", **fields: Any) -> Key:
        """Send a new key with every request from now on. The service runs with TRAINYARD_AUTH=keys."""
        key, token = self.services.store.keys.create(KeySpec(scopes=scopes, **fields), owner)
        self.headers["Authorization"] = f"Bearer {token}"
        return key

    @property
    def services(self) -> Services:
        """What the application itself uses."""
        services: Services = self.api.state.services
        return services

    def configure(self, **settings: object) -> None:
        """Change settings that are read at each request."""
        changed = self.services.settings.model_copy(update=settings)
        self.api.state.services = replace(self.services, settings=changed)

    def send(self, request: httpx2.Request, *, stream: bool = False, **options: Any) -> httpx2.Response:
        response = super().send(request, stream=stream, **options)
        self.contract.check(response, with_body=not stream)
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in response.headers
        return response


@pytest.fixture
def settings(tmp_path: Path, valkey: Valkey) -> Settings:
    """With a lease that trainings by hand keep on a busy machine, although the reconciler sweeps often."""
    return Settings(redis_url=valkey.url, store_dir=tmp_path / "store", lease_seconds=300.0, reconcile_seconds=0.2)


@pytest.fixture
def client(settings: Settings) -> Iterator[ApiClient]:
    with ApiClient(settings) as client:
        # The first sweep has made the index whole.
        eventually(lambda: client.get("/experiments").is_success)
        yield client


@pytest.fixture
def keyed_client(settings: Settings) -> Iterator[ApiClient]:
    """A service that asks for keys. The client has an admin's, and may try many others."""
    with ApiClient(settings.model_copy(update={"auth": "keys", "rate_failed_keys": 0})) as client:
        client.sign_in(KeyScope.ADMIN, owner="root")
        eventually(lambda: client.get("/experiments").is_success)
        yield client


@pytest.fixture
def api_store(client: ApiClient) -> Store:
    """The store that the API itself uses."""
    return client.services.store
