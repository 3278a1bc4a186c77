"""The files under examples/ are written in this language, and survive `curl -d @file`."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from specs.advice import warnings_for
from specs.dataset import DATASETS, Dataset
from specs.document import parse_document
from specs.experiment import parse_spec
from specs.presets import PRESETS

# Their sources train them so.
WARNED = {
    "blobs-mlp": ["1,000 epochs without early stopping"],
    "folder-cnn-shallow": ["layers[5] Dense has 1,048,640 of"],
    "folder-cnn-deep": ["layers[10] Dense has 4,194,816 of"],
}
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


def datasets_for(name: str) -> Mapping[str, Dataset]:
    """With the one to be uploaded that the example names, where it does."""
    return PRESETS[name].datasets if name in PRESETS else DATASETS


def test_examples_exist() -> None:
    assert {*PRESETS, "digits-quick"} <= {path.stem for path in EXAMPLES}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_parses_alike_without_line_breaks(path: Path) -> None:
    body = path.read_bytes()
    stripped = body.replace(b"\r", b"").replace(b"\n", b"")
    assert parse_document(stripped) == parse_document(body)
    assert parse_document(body, "yaml") == parse_document(body)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_is_valid_and_named_after_file(path: Path) -> None:
    spec = parse_spec(parse_document(path.read_bytes()), datasets_for(path.stem))
    assert spec.name == path.stem
    warnings, expected = warnings_for(spec), WARNED.get(path.stem, [])
    assert len(warnings) == len(expected)
    assert all(map(str.startswith, warnings, expected))


@pytest.mark.parametrize("name", PRESETS)
def test_example_of_preset_equals_preset(name: str) -> None:
    path = next(path for path in EXAMPLES if path.stem == name)
    datasets = datasets_for(name)
    example, preset = parse_spec(parse_document(path.read_bytes()), datasets), parse_spec(PRESETS[name].spec, datasets)
    assert example.network.layers == preset.network.layers
    assert example.network.table == preset.network.table
    changes = {"model": preset.model, "notes": preset.notes}
    assert example.model_copy(update=changes) == preset
