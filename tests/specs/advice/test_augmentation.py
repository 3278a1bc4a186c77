from typing import Any

import pytest

from specs.advice import warnings_for
from specs.experiment import parse_spec


def warned(dataset: str, layer: dict[str, Any]) -> list[str]:
    model = {"layers": [{"type": "Flatten"}, {"type": "Dense"}]}
    return warnings_for(parse_spec({"dataset": {"name": dataset}, "model": model, "augmentation": {"layers": [layer]}}))


@pytest.mark.parametrize(
    ("dataset", "layer", "fragment"),
    [
        (
            "mnist",
            {"type": "RandomFlip", "mode": "vertical"},
            "layers[0] RandomFlip: a vertical flip",
        ),
        ("digits", {"type": "RandomFlip"}, "a vertical flip turns a 6 into a 9"),
        ("digits", {"type": "RandomFlip", "mode": "horizontal"}, "a mirrored 2 or 7 is not a digit"),
        ("mnist", {"type": "RandomRotation", "factor": 0.5}, "a rotation by 180 degrees turns a 6 into a 9"),
    ],
)
def test_doubtful_augmentation_is_warned_about(dataset: str, layer: dict[str, Any], fragment: str) -> None:
    (warning,) = warned(dataset, layer)
    assert fragment in warning


@pytest.mark.parametrize(
    "layer", [{"type": "RandomRotation", "factor": 0.05}, {"type": "GaussianNoise", "stddev": 0.1}]
)
def test_sound_augmentation_has_no_warning(layer: dict[str, Any]) -> None:
    assert warned("mnist", layer) == []
