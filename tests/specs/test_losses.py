import inspect

import pytest
from pydantic import ValidationError

from specs.losses import (
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalHinge,
    KLDivergence,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)
from specs.schema import Schema


@pytest.mark.parametrize(
    "loss",
    [
        CategoricalCrossentropy,
        CategoricalFocalCrossentropy,
        CategoricalHinge,
        KLDivergence,
        MeanAbsoluteError,
        MeanSquaredError,
        SparseCategoricalCrossentropy,
    ],
)
def test_arguments_and_defaults_equal_keras(loss: type[Schema]) -> None:
    import keras

    signature = inspect.signature(getattr(keras.losses, loss.__name__).__init__)
    kerass = {name: each.default for name, each in signature.parameters.items()}
    assert loss().model_dump(exclude={"type"}).items() <= kerass.items()


@pytest.mark.parametrize("loss", [CategoricalCrossentropy, CategoricalFocalCrossentropy])
def test_full_label_smoothing_is_rejected(loss: type[Schema]) -> None:
    assert loss.model_validate({"label_smoothing": 0.99}).model_dump()["label_smoothing"] == 0.99
    with pytest.raises(ValidationError, match="label_smoothing"):
        loss.model_validate({"label_smoothing": 1.0})
