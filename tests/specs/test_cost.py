from typing import Any

import pytest

from specs.cost import reference_epoch_seconds
from specs.experiment import parse_spec


def cost(model: dict[str, Any], batch_size: int = 128) -> float:
    document = {"dataset": {"name": "mnist"}, "model": model, "training": {"batch_size": batch_size}}
    return reference_epoch_seconds(parse_spec(document))


# Measured on the reference machine: milliseconds a step of 128, 422 steps; with 20 % for validation and noise.
@pytest.mark.parametrize(("preset", "milliseconds"), [("mnist-dnn", 0.36), ("mnist-cnn", 31.1)])
def test_cost_agrees_with_measurements(preset: str, milliseconds: float) -> None:
    assert cost({"preset": preset}) == pytest.approx(422 * milliseconds / 1000, rel=0.3)


def test_more_work_costs_more() -> None:
    def convolution(filters: int) -> dict[str, Any]:
        layer = {"type": "Conv2D", "filters": filters, "kernel_size": 3}
        return {"layers": [layer, {"type": "Flatten"}, {"type": "Dense"}]}

    narrow, wide = cost(convolution(8)), cost(convolution(16))
    assert 1.9 < wide / narrow < 2.1
    assert cost({"preset": "mnist-dnn"}, batch_size=1) > 2 * cost({"preset": "mnist-dnn"})
