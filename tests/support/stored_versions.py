"""Stores as each version of the store left them: tests/fixtures/fill_store.py filled them."""

import zipfile
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest

_FIXTURES = Path(__file__).parents[1] / "fixtures"
VERSIONS = (1, 2)


class StoredStore(NamedTuple):
    """`ids` are those of its experiments, by name."""

    root: Path
    ids: dict[str, str]


def unpack_store(version: int, root: Path) -> StoredStore:
    with zipfile.ZipFile(_FIXTURES / f"store-{version}.zip") as archive:
        archive.extractall(root)
    records = (orjson.loads(path.read_bytes()) for path in root.glob("experiments/*/experiment.json"))
    return StoredStore(root, {record["name"]: record["id"] for record in records})


@pytest.fixture(params=VERSIONS, ids="version-{}".format)
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> StoredStore:
    """A copy, once for each version."""
    return unpack_store(request.param, tmp_path / "store")
