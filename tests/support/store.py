"""What every test may ask for: a real Valkey, an empty store on it, a spec that trains in a second."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from models_store.store import Store, open_store
from specs.experiment import ExperimentSpec, parse_spec
from tests.support.valkey import Valkey

LEASE_SECONDS = 2.0
SLOW_EPOCHS = 8
# A network of 650 parameters on the digits, deterministic, two epochs.
TINY: dict[str, Any] = {
    "name": "tiny",
    "dataset": {"name": "digits"},
    "model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]},
    "training": {"epochs": 2, "batch_size": 64, "deterministic": True},
}


@pytest.fixture(scope="session")
def shared_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def valkey(shared_valkey: Valkey) -> Valkey:
    """This process's server, emptied. Do not stop it: a test that does asks for `own_valkey`."""
    with shared_valkey.client() as client:
        client.flushall()
    return shared_valkey


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A server of this test's own, to be killed and paused."""
    server = Valkey(tmp_path / "valkey")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def store(tmp_path: Path, valkey: Valkey) -> Iterator[Store]:
    opened = open_store(tmp_path / "store", valkey.url, LEASE_SECONDS, max_attempts=3, role="test")
    yield opened
    opened.close()


@pytest.fixture
def reopened(store: Store, tmp_path: Path, valkey: Valkey) -> Iterator[Callable[[], Store]]:
    """Open the same store once more, as another process would."""
    with ExitStack() as opened:

        def reopen() -> Store:
            other = open_store(tmp_path / "store", valkey.url, LEASE_SECONDS, max_attempts=3, role="other")
            opened.callback(other.close)
            return other

        yield reopen


@pytest.fixture
def tiny_document() -> dict[str, Any]:
    """`TINY`, which the test may change."""
    return deepcopy(TINY)


@pytest.fixture
def slow_document(tiny_document: dict[str, Any]) -> dict[str, Any]:
    """An experiment that takes about 0.2 s per epoch, so that a fault hits it in the middle."""
    layers = [
        {"type": "Conv2D", "filters": 16, "kernel_size": 3, "padding": "same", "activation": "relu"},
        {"type": "Dropout", "rate": 0.3},
        {"type": "Flatten"},
        {"type": "Dense"},
    ]
    training = {"epochs": SLOW_EPOCHS, "batch_size": 4}
    return {**tiny_document, "name": "slow", "model": {"layers": layers}, "training": training}


@pytest.fixture
def tiny_spec(tiny_document: dict[str, Any]) -> Callable[..., ExperimentSpec]:
    """Make a tiny spec with some training fields changed: `tiny_spec(epochs=5)`."""

    def make(name: str = "tiny", tags: tuple[str, ...] = (), **training: Any) -> ExperimentSpec:
        changed = {"name": name, "tags": list(tags), "training": {**tiny_document["training"], **training}}
        return parse_spec({**tiny_document, **changed})

    return make
