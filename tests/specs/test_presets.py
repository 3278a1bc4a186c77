from typing import get_args

import pytest

from specs.experiment import parse_spec
from specs.presets import PRESETS, PresetName


def test_every_name_has_its_preset():
    assert get_args(PresetName) == tuple(PRESETS)
    assert all(preset.name == name for name, preset in PRESETS.items())


@pytest.mark.parametrize(
    ("name", "source", "parameters", "epochs", "scale"),
    [
        ("digits-cnn", "trainyard", 85_450, 25, "unit"),
        ("mnist-dnn", "001", 51_450, 50, "none"),
        ("mnist-cnn", "001", 95_946, 20, "none"),
    ],
)
def test_presets_are_those_of_their_source(name, source, parameters, epochs, scale):
    preset = PRESETS[name]
    spec = parse_spec(preset.spec)
    assert (spec.name, preset.source) == (name, source)
    assert spec.network().parameters.total == parameters
    assert (spec.training.epochs, spec.preprocessing.scale) == (epochs, scale)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("dataset", ["digits", "mnist"])
def test_a_preset_brings_its_network_only(preset, dataset):
    spec = parse_spec({"model": {"preset": preset}, "dataset": {"name": dataset}})
    assert spec.name == preset
    assert spec.dataset.name == dataset
    assert (spec.training.epochs, spec.training.batch_size, spec.preprocessing.scale) == (30, 128, "unit")
    assert [row.type for row in spec.network().table] == [layer.type for layer in PRESETS[preset].layers]
