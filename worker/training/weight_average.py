"""The average of the weights that an optimizer with `use_ema` keeps beside them."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import tensorflow as tf


@contextmanager
def averaged(model: keras.Model) -> Iterator[None]:
    """A context in which the model has the averages in place of the weights that it trains."""
    trained = [tf.identity(variable.value) for variable in model.trainable_variables]
    use_average(model)
    try:
        yield
    finally:
        for variable, value in zip(model.trainable_variables, trained, strict=True):
            variable.assign(value)


def use_average(model: keras.Model) -> None:
    """For good, as Keras's `fit` does after the last epoch."""
    model.optimizer.finalize_variable_values(model.trainable_variables)
