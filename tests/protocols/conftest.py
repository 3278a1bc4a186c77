"""An API that listens, with two models that serve, for clients that are not ours."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from models_store.store import open_store
from specs.experiment import parse_spec
from tests.support.published import publish
from tests.support.service import LEASE_SECONDS, Service
from tests.support.valkey import Valkey
from tests.support.waiting import eventually

_SPEC: dict[str, Any] = {
    "name": "tiny",
    "model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]},
    "training": {"epochs": 2},
}


class Served(NamedTuple):
    """`digits` and `blobs` are the ids of the experiments that serve these datasets."""

    url: str
    digits: str
    blobs: str


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("served")
    valkey = Valkey(folder / "valkey")
    valkey.start()
    service = Service(folder, valkey)
    try:
        store = open_store(service.store, valkey.url, LEASE_SECONDS, max_attempts=3, role="test")
        ids = {name: publish(store, parse_spec({**_SPEC, "dataset": {"name": name}})).id for name in Served._fields[1:]}
        service.start_api()
        for name in ids:
            eventually(_is_ready(service, name))
        yield Served(str(service.http.base_url).rstrip("/"), **ids)
    finally:
        service.stop()
        valkey.stop()


def _is_ready(service: Service, name: str) -> Callable[[], bool]:
    return lambda: service.http.get(f"/v2/models/{name}/ready").is_success
