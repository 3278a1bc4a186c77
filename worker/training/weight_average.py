"""The moving average of the weights, kept by an optimizer with `use_ema`."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import tensorflow as tf


@contextmanager
def average_weights(model: keras.Model) -> Iterator[None]:
    """Within the block, the model has the averages in place of its trained weights."""
    trained = [tf.identity(variable.value) for variable in model.trainable_variables]
    use_average(model)
    try:
        yield
    finally:
        for variable, value in zip(model.trainable_variables, trained, strict=True):
            variable.assign(value)


def use_average(model: keras.Model) -> None:
    """Permanently, as Keras's `fit` does after the last epoch."""
    model.optimizer.finalize_variable_values(model.trainable_variables)
