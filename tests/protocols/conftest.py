"""An API that listens, with two models that serve, for clients that are not ours."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from models_store.store import open_store
from specs.experiment import parse_spec
from tests.support.published import publish
from tests.support.service import LEASE_SECONDS, Service, new_service
from tests.support.store import TINY
from tests.support.waiting import eventually


class Served(NamedTuple):
    """`digits` and `blobs` are the ids of the experiments that serve these datasets."""

    url: str
    digits: str
    blobs: str


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with new_service(tmp_path_factory.mktemp("served")) as service:
        store = open_store(service.store, service.valkey.url, LEASE_SECONDS, max_attempts=3, role="test")
        ids = {name: publish(store, parse_spec({**TINY, "dataset": {"name": name}})).id for name in Served._fields[1:]}
        service.start_api()
        for name in ids:
            eventually(_is_ready(service, name))
        yield Served(str(service.http.base_url).rstrip("/"), **ids)


def _is_ready(service: Service, name: str) -> Callable[[], bool]:
    return lambda: service.http.get(f"/v2/models/{name}/ready").is_success
