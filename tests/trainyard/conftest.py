"""A canned API."""

from collections.abc import Iterator

import pytest

from tests.trainyard.canned_api import CannedApi


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[CannedApi]:
    """TRAINYARD_URL leads to it."""
    with CannedApi() as api:
        monkeypatch.setenv("TRAINYARD_URL", api.url)
        yield api
