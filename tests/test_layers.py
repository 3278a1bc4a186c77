"""Each test is in the layer that its code implies, and a unit test cannot do what its layer excludes."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.models_store.children import in_child
from tests.support.layers import LAYERS, derive_layer, layer_of
from tests.support.service import Service
from tests.support.unit_layer import LayerError
from tests.support.valkey import Valkey
from trainyard.up.child import Child


def load_keras() -> object:
    import keras

    return keras


def start_program() -> object:
    return subprocess.run


def start_program_in_lambda() -> object:
    return lambda number: (start_program(), number)


def start_valkey() -> object:
    return Valkey


def start_valkey_and_service() -> object:
    return start_valkey(), Service


def fork() -> object:
    return in_child


def use_product_module_with_subprocess() -> object:
    return Child


def compute() -> object:
    return len(LAYERS), sys.path


@pytest.mark.parametrize(
    ("function", "layer"),
    [
        (compute, "unit"),
        (start_valkey, "integration"),
        (load_keras, "integration"),
        (start_program, "processes"),
        (start_program_in_lambda, "processes"),
        (start_valkey_and_service, "processes"),
        (fork, "processes"),
        (use_product_module_with_subprocess, "processes"),
    ],
)
@pytest.mark.unit
def test_layer_is_derived_from_use(function: Callable[[], object], layer: str) -> None:
    assert derive_layer([function]) == layer  # type: ignore[list-item]


def test_every_test_has_one_layer(request: pytest.FixtureRequest) -> None:
    for item in request.session.items:
        layers = [layer for layer in LAYERS if item.get_closest_marker(layer)]
        assert layers == [layer_of(item)], item.nodeid


def test_fixtures_imply_a_layer(request: pytest.FixtureRequest) -> None:
    implied = {"make_service": "processes", "up": "processes", "shared_valkey": "integration", "client": "integration"}
    for item in request.session.items:
        for fixture, layer in implied.items():
            if fixture in getattr(item, "fixturenames", ()):
                assert layer_of(item) in {layer, "processes"}, item.nodeid


@pytest.mark.unit
def test_unit_test_starting_a_process_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.unit_layer._started", [])
    with pytest.raises(LayerError, match="mark it `processes`"):
        subprocess.run(["true"], check=True)


@pytest.mark.unit
def test_unit_run_importing_tensorflow_fails(request: pytest.FixtureRequest) -> None:
    if request.config.option.markexpr != "unit":
        return
    with pytest.raises(LayerError, match="mark it `integration`"):
        load_keras()
