import inspect
from typing import Any

import pytest
from pydantic import TypeAdapter

from specs.optimizers import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Lion,
    Nadam,
    Optimizer,
    OptimizerSpec,
    RMSprop,
)

OPTIMIZERS = [SGD, RMSprop, Adam, AdamW, Nadam, Adagrad, Adadelta, Adamax, Lion]
NOT_OURS = {"self", "name", "kwargs"}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_arguments_and_defaults_equal_keras(optimizer: type[Any]) -> None:
    import keras

    signature = inspect.signature(getattr(keras.optimizers, optimizer.__name__).__init__)
    kerass = {name: each.default for name, each in signature.parameters.items() if name not in NOT_OURS}
    assert optimizer().model_dump(exclude={"type"}) == kerass


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_is_selected_by_type(optimizer: type[OptimizerSpec]) -> None:
    read = TypeAdapter(Optimizer).validate_python({"type": optimizer.__name__, "weight_decay": 0.01, "use_ema": True})
    assert type(read) is optimizer


def test_peak_is_highest_rate_of_all_steps() -> None:
    assert Adam(learning_rate=0.5).peak_learning_rate == 0.5
    schedule = {"type": "CosineDecay", "initial_learning_rate": 0.1, "warmup_target": 0.3, "warmup_epochs": 1}
    read = TypeAdapter(Optimizer).validate_python({"type": "Adam", "learning_rate": schedule})
    assert read.peak_learning_rate == 0.3
