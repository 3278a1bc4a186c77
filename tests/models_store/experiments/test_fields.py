from copy import deepcopy
from typing import Any

import pytest

from models_store.experiments.fields import spec_defaults, spec_values
from specs.experiment import parse_spec

DOCUMENT = {
    "dataset": {"name": "blobs"},
    "model": {"layers": [{"type": "Dense", "units": 4, "activation": "softmax"}]},
    "training": {"optimizer": "SGD", "early_stopping": {"patience": 3}, "reduce_lr_on_plateau": {}},
}


@pytest.mark.parametrize("path", sorted(spec_defaults()))
def test_field_that_is_left_out_is_its_default(path: str) -> None:
    """Documents leave out what most leave as it is, and earlier releases what they did not know."""
    document: Any = deepcopy(parse_spec(DOCUMENT).document())
    *parents, name = path.split(".")
    inner = document
    for each in parents:
        inner = inner.get(each) if isinstance(inner, dict) else None
    if isinstance(inner, dict):
        inner.pop(name, None)
    expected = spec_defaults()[path] if isinstance(inner, dict) else None
    assert spec_values(document, path) == (expected,)


def test_default_is_what_a_spec_gets() -> None:
    document = parse_spec({"model": {"preset": "digits-cnn"}}).document()
    for path in ("training.epochs", "training.devices", "training.keep", "preprocessing.scale", "dataset.name"):
        assert spec_values(document, path) == (spec_defaults()[path],)


def test_what_other_kinds_have_is_no_default() -> None:
    """Adam has no momentum, and a damaged record no spec."""
    document = parse_spec(DOCUMENT).document()
    assert spec_values(document, "training.optimizer.momentum") == (0.0,)
    document["training"]["optimizer"] = {"type": "Adam"}
    assert spec_values(document, "training.optimizer.momentum") == (None,)
    assert spec_values({}, "training.devices") == (None,)
    assert spec_values({}, "notes") == (None,)
