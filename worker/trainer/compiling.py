"""What Keras needs beside the network before it can train: optimizer, loss, metrics."""

from typing import assert_never

import keras

from specs.experiment import ExperimentSpec
from specs.optimizers import SGD, Adam, Optimizer
from worker.trainer.network import ends_in_softmax


def compile_model(model: keras.Model, spec: ExperimentSpec) -> keras.metrics.Metric:
    """Compile, with every optimizer variable made; return the accuracy, which Keras keeps to itself until it trains."""
    accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    model.compile(
        optimizer=_optimizer(spec.training.optimizer),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=not ends_in_softmax(spec)),
        metrics=[accuracy],
    )
    model.optimizer.build(model.trainable_variables)
    return accuracy


def _optimizer(spec: Optimizer) -> keras.Optimizer:
    match spec:
        case Adam():
            return keras.optimizers.Adam(**spec.model_dump(exclude={"type"}))
        case SGD():
            return keras.optimizers.SGD(**spec.model_dump(exclude={"type"}))
        case _:
            assert_never(spec)
