"""Compiling a Keras model: optimizer, loss, metrics."""

import keras

from specs.experiment import ExperimentSpec
from specs.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    SparseCategoricalCrossentropy,
)
from specs.optimizers import Optimizer
from worker.training.precision import Policy
from worker.training.replicas import Replicas

_OF_LOGITS = (SparseCategoricalCrossentropy, CategoricalCrossentropy, CategoricalFocalCrossentropy)


def compile_model(
    model: keras.Model, spec: ExperimentSpec, policy: Policy = "float32", replicas: Replicas | None = None
) -> keras.metrics.Metric:
    """Compile and build the optimizer's variables, which belong to the scope of `replicas`; return the accuracy metric,
    which Keras hides until it trains.

    Under mixed_float16 the loss is scaled by a dynamic factor, so that small gradients do not vanish.
    """
    sparse = compares_with_indices(spec)
    metric = keras.metrics.SparseCategoricalAccuracy if sparse else keras.metrics.CategoricalAccuracy
    accuracy = metric(name="accuracy")
    with (replicas or Replicas()).scope():
        optimizer = _optimizer(spec.training.optimizer)
        if policy == "mixed_float16":
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        optimizer.build(model.trainable_variables)
    # worker/training/steps.py decides what XLA compiles.
    model.compile(optimizer=optimizer, loss=_loss(spec, sparse), metrics=[accuracy], jit_compile=False)
    return accuracy


def compares_with_indices(spec: ExperimentSpec) -> bool:
    """True if the loss takes class indices; otherwise it takes class probabilities, (samples, classes)."""
    loss = spec.training.loss
    return (loss == "auto" or isinstance(loss, SparseCategoricalCrossentropy)) and not mixes_labels(spec)


def mixes_labels(spec: ExperimentSpec) -> bool:
    """True if augmentation mixes samples of several classes."""
    augmentation = spec.training_augmentation
    return augmentation is not None and augmentation.mixes_labels


def _optimizer(spec: Optimizer) -> keras.Optimizer:
    """A schedule's rates are assigned step by step; here its peak stands in for them."""
    arguments = spec.model_dump(exclude={"type", "learning_rate"})
    return getattr(keras.optimizers, spec.type)(learning_rate=spec.peak_learning_rate, **arguments)


def _loss(spec: ExperimentSpec, sparse: bool) -> keras.Loss:
    """On logits if the network does not give probabilities; losses without `from_logits` get their softmax."""
    wanted, logits = spec.training.loss, not spec.network.gives_probabilities
    if wanted == "auto" or isinstance(wanted, SparseCategoricalCrossentropy):
        wanted = SparseCategoricalCrossentropy() if sparse else CategoricalCrossentropy()
    if isinstance(wanted, BinaryCrossentropy):  # the model has both classes as outputs
        wanted = CategoricalCrossentropy(label_smoothing=wanted.label_smoothing)
    kind, arguments = getattr(keras.losses, wanted.type), wanted.model_dump(exclude={"type"})
    if isinstance(wanted, _OF_LOGITS):
        return kind(from_logits=logits, **arguments)
    loss = kind(**arguments)
    return _OfLogits(loss) if logits else loss


class _OfLogits(keras.Loss):
    """`loss` of the softmax of the network's output."""

    def __init__(self, loss: keras.Loss) -> None:
        super().__init__(name=loss.name)
        self._loss = loss

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        return self._loss.call(y_true, keras.ops.softmax(y_pred))
