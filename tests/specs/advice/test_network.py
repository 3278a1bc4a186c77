from typing import Any

import pytest

from specs.advice import warnings_for
from specs.experiment import parse_spec

FLATTEN = {"type": "Flatten"}
LAST = {"type": "Dense"}


def dense(units: int, activation: str | None = "relu", **fields: Any) -> dict[str, Any]:
    return {"type": "Dense", "units": units, "activation": activation, **fields}


def warned(*layers: dict[str, Any], dataset: str = "digits") -> list[str]:
    return warnings_for(parse_spec({"dataset": {"name": dataset}, "model": {"layers": list(layers)}}))


@pytest.mark.parametrize(
    ("layers", "fragment"),
    [
        ([FLATTEN, dense(10)], "the last activation is relu"),
        ([FLATTEN, dense(10, "tanh")], "the last activation is tanh: its outputs are taken as logits"),
        ([FLATTEN, dense(9, "softmax"), LAST], "layers[1] Dense has softmax before the output"),
        ([FLATTEN, LAST, {"type": "BatchNormalization"}], "layers[2] BatchNormalization comes after softmax"),
        ([FLATTEN, dense(10, None), LAST], "layers[1] Dense has no activation, so that it and layers[2] Dense"),
        ([FLATTEN, dense(10, kernel_initializer="zeros"), LAST], "layers[1] Dense starts from all zeros"),
        (
            [FLATTEN, dense(8), {"type": "Dropout", "rate": 0.5}, {"type": "BatchNormalization"}, LAST],
            "layers[2] Dropout comes before BatchNormalization",
        ),
        ([FLATTEN, dense(20_000), LAST], "of the 1,500,010 parameters"),
    ],
)
def test_doubtful_network_is_warned_about(layers: list[dict[str, Any]], fragment: str) -> None:
    (warning,) = warned(*layers)
    assert fragment in warning


def test_sound_network_has_no_warning() -> None:
    convolution = {"type": "Conv2D", "filters": 4, "kernel_size": 3, "activation": "relu"}
    assert (
        warned(convolution, {"type": "MaxPooling2D"}, FLATTEN, dense(8), {"type": "Dropout", "rate": 0.5}, LAST) == []
    )
