import copy
from typing import Any

import pytest

from analysis.comparison.json_patch import diff
from analysis.comparison.preset_layers import spell_out
from analysis.comparison.sentences import describe_changes
from specs.experiment import parse_spec
from specs.presets import PRESETS


def document(**model: Any) -> dict[str, Any]:
    return parse_spec({"dataset": {"name": "mnist"}, "model": model}).document()


def described(before: dict[str, Any], after: dict[str, Any]) -> str:
    return describe_changes(diff(*spell_out(before, after)))


def test_preset_has_the_layers_that_it_was_built_of() -> None:
    layers = document(layers=[{"type": "Flatten"}, {"type": "Dense", "units": 5}, {"type": "Dense"}])
    for name, preset in PRESETS.items():
        if preset.spec["dataset"]["name"] == "mnist":
            spelled, _ = spell_out(document(preset=name), layers)
            rebuilt = parse_spec({**spelled, "model": {"layers": spelled["model"]["layers"]}})
            assert rebuilt.network == parse_spec(document(preset=name)).network


def test_layer_added_to_a_preset_is_named() -> None:
    preset = document(preset="mnist-dnn")
    rows = spell_out(preset, document(preset="mnist-cnn"))[0]["model"]["layers"]
    longer = document(layers=[*rows[:-1], {"type": "Dropout", "rate": 0.5}, rows[-1]])

    changed = described(preset, longer)

    assert f"Dropout added at model.layers.{len(rows) - 1}" in changed
    assert changed.count("model.layers") == 1


def test_same_and_unknown_presets_stay_as_they_are() -> None:
    preset, keras = document(preset="mnist-cnn"), {"dataset": {"name": "mnist"}, "model": {"keras": {}}}
    unknown = copy.deepcopy(preset)
    unknown["model"]["preset"] = "of-another-version"
    for other in (preset, keras, unknown, {}):
        assert spell_out(preset, other) == (preset, other)


@pytest.mark.parametrize("dataset", [{"name": "mnist", "classes": ["3", "5"]}, {"name": "an-upload"}, {}])
def test_number_of_classes_is_that_of_the_dataset(dataset: dict[str, Any]) -> None:
    before = {"dataset": dataset, "model": {"preset": "digits-cnn"}}
    after = {"dataset": dataset, "model": {"preset": "mnist-cnn"}}
    last = spell_out(before, after)[0]["model"]["layers"][-1]
    assert last["units"] == {"mnist": 2, "an-upload": None}.get(dataset.get("name", "digits"), 10)
