"""The files under examples/ are written in this language, and survive `curl -d @file`."""

from pathlib import Path

import pytest

from specs.advice import warnings_for
from specs.document import parse_document
from specs.experiment import parse_spec
from specs.presets import PRESETS

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


def test_there_are_examples():
    assert {"digits-cnn", "digits-quick", "mnist-cnn", "mnist-dnn"} <= {path.stem for path in EXAMPLES}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_means_the_same_without_its_line_breaks(path):
    body = path.read_bytes()
    stripped = body.replace(b"\r", b"").replace(b"\n", b"")
    assert parse_document(stripped) == parse_document(body)
    assert parse_document(body, "yaml") == parse_document(body)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_a_valid_experiment_of_its_name(path):
    spec = parse_spec(parse_document(path.read_bytes()))
    assert spec.name == path.stem
    assert warnings_for(spec) == []


@pytest.mark.parametrize("name", PRESETS)
def test_the_example_of_a_preset_is_that_preset_in_full(name):
    path = next(path for path in EXAMPLES if path.stem == name)
    example, preset = parse_spec(parse_document(path.read_bytes())), parse_spec(PRESETS[name].spec)
    assert example.network().layers == preset.network().layers
    assert example.network().table == preset.network().table
    changes = {"model": preset.model, "notes": preset.notes}
    assert example.model_copy(update=changes) == preset
