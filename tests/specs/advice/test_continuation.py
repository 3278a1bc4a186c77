from typing import Any

import pytest

from specs.advice.continuation import continuation_warnings
from specs.experiment import parse_spec

COSINE = {"type": "CosineDecay", "initial_learning_rate": 0.01}
CYCLE = {"type": "OneCycle", "max_learning_rate": 0.01}


def warnings(rate: Any, **more: Any) -> list[str]:
    training = {"epochs": 20, "optimizer": {"type": "Adam", "learning_rate": rate}}
    return list(continuation_warnings(parse_spec({"model": {"preset": "digits-cnn"}, "training": training, **more})))


@pytest.mark.parametrize(("schedule", "length"), [(COSINE, "decay_epochs"), (CYCLE, "cycle_epochs")])
def test_schedule_that_gets_longer_is_warned_of(schedule: dict[str, Any], length: str) -> None:
    continued = {"continue_from": "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"}
    (warning,) = warnings(schedule, **continued)
    assert f"the schedule {schedule['type']} has no length and spans all 20 epochs" in warning
    assert f"give it `{length}`" in warning
    assert warnings({**schedule, length: 20}, **continued) == []
    assert warnings(0.01, **continued) == []
    assert warnings(schedule) == []
