"""A bucket on a real S3 server, and the store that is backed up to it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models_store.backups.bucket import Bucket
from models_store.store import Store
from tests.support.s3_server import BUCKET, S3Server


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    server = S3Server(tmp_path_factory.mktemp("s3"))
    yield server
    server.stop()


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test", "REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)


@pytest.fixture
def bucket_url(
    s3_server: S3Server, credentials: None, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> str:
    """A prefix of this test's own."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server.url)
    return f"s3://{BUCKET}/{abs(hash(request.node.nodeid))}"


@pytest.fixture
def bucket(bucket_url: str) -> Bucket:
    return Bucket(bucket_url)


@pytest.fixture
def unreliable_bucket(bucket_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Bucket]:
    """The bucket, behind another port."""

    def open_at(port: int) -> Bucket:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        return Bucket(bucket_url, retry_seconds=0.0)

    return open_at


@pytest.fixture
def root(store: Store, tmp_path: Path) -> Path:
    """The folder of the store."""
    return tmp_path / "store"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "restored"
