"""The sweeps under examples/ are valid at every point, and survive `curl -d @file`."""

from pathlib import Path

import pytest

from specs.dataset import DATASETS
from specs.document import parse_document
from specs.experiment import parse_spec
from specs.presets import PRESETS
from specs.sweep import parse_sweep, preflight

EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "sweeps").glob("*.yaml"))
ALL_DATASETS = {**DATASETS, **PRESETS["folder-cnn-he"].datasets}


def test_examples_exist() -> None:
    assert len(EXAMPLES) >= 5


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_parses_alike_without_line_breaks(path: Path) -> None:
    body = path.read_bytes()
    assert parse_document(body.replace(b"\n", b"")) == parse_document(body)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_is_a_grid_of_valid_points(path: Path) -> None:
    sweep = parse_sweep(parse_document(path.read_bytes()))
    assert sweep.name == path.stem
    assert sweep.resolved_method == "grid"
    checks, _ = preflight(sweep, lambda document: parse_spec(document, ALL_DATASETS))
    assert checks.checked > 2
    assert checks.infeasible == ()
