from typing import Any

import pytest

from analysis.report.report import describe_objective
from specs.experiment import parse_spec

PLAIN: dict[str, Any] = {"model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]}}
SMOOTHED = {"loss": {"type": "CategoricalCrossentropy", "label_smoothing": 0.1}}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"training": SMOOTHED}, "CategoricalCrossentropy with a label smoothing of 0.1;"),
        ({"training": {"loss": {"type": "MeanSquaredError"}}}, "was minimized, MeanSquaredError;"),
        ({"training": {"class_weight": "balanced"}}, "in training, a loss weighted by class;"),
        ({"augmentation": {"layers": [{"type": "MixUp"}]}}, "a loss of the mixed labels of MixUp;"),
        (
            {"model": {"layers": [{"type": "Flatten"}, {"type": "Dense", "kernel_regularizer": {"l2": 0.01}}]}},
            "the penalties of the regularizers;",
        ),
    ],
)
def test_loss_beside_other_curves_is_explained(changed: dict[str, Any], says: str) -> None:
    assert says in describe_objective(parse_spec({**PLAIN, **changed}))


@pytest.mark.parametrize("loss", ["auto", {"type": "SparseCategoricalCrossentropy"}])
def test_plain_cross_entropy_needs_no_explanation(loss: Any) -> None:
    assert describe_objective(parse_spec({**PLAIN, "training": {"loss": loss}})) == ""
