from typing import Any

from specs.advice.transfer import transfer_warnings
from specs.experiment import parse_spec

SOURCE = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"
LAYERS = [{"type": "Flatten"}, {"type": "Dense", "units": 12}, {"type": "Dense"}]


def warnings(taken: dict[str, str], **model: Any) -> list[str]:
    return list(transfer_warnings(parse_spec({"model": {"layers": LAYERS, **model}}), taken))


def test_complete_transfer_has_no_warning() -> None:
    assert warnings({"dense": "dense", "dense_1": "dense_1"}, weights_from=SOURCE) == []
    assert warnings({}, freeze=2) == []


def test_layers_with_random_weights_are_named() -> None:
    assert warnings({"dense": "dense"}, weights_from=SOURCE, freeze=2) == [
        "model.weights_from: 1 of 2 layers with weights is transferred; random weights in dense_1 (12x10, 10)"
    ]


def test_frozen_random_layers_are_warned_about() -> None:
    _, warning = warnings({"dense_1": "dense_1"}, weights_from=SOURCE, freeze=2)
    assert warning == (
        "model.freeze 2 freezes layers with random weights, not with weights of another experiment: dense; "
        "freeze fewer layers"
    )
