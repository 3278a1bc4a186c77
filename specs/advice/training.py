"""Warnings about learning rate, batches, epochs, callbacks and class limits."""

from collections.abc import Iterator
from itertools import chain

from specs.experiment import ExperimentSpec
from specs.losses import CategoricalCrossentropy, CategoricalFocalCrossentropy
from specs.problem import quantity

_STEEP_ON_RAW_PIXELS = 0.01
_MANY_EPOCHS = 200
_STEEP_FOR_ADAPTIVE = 0.01
_NEGLIGIBLE = 1e-7
_STRONG_SMOOTHING = 0.5
# They divide by the size of the gradients, so that the learning rate is the length of a step.
_ADAPTIVE = frozenset({"Adam", "AdamW", "Nadam", "Adamax", "RMSprop", "Lion"})


def training_warnings(spec: ExperimentSpec) -> Iterator[str]:
    about = (_about_learning_rate, _about_batches, _about_epochs, _about_patience, _about_smoothing, _about_limit)
    return chain.from_iterable(each(spec) for each in about)


def _about_learning_rate(spec: ExperimentSpec) -> Iterator[str]:
    optimizer = spec.training.optimizer
    rate = optimizer.peak_learning_rate
    if rate >= 1 and optimizer.type != "Adadelta":
        yield f"a learning rate of {rate:g} will almost certainly diverge; start with 0.001"
    elif spec.preprocessing.scale == "none" and spec.dataset.facts.has_images and rate > _STEEP_ON_RAW_PIXELS:
        yield (
            f"raw pixels 0-255 with a learning rate of {rate:g} tend to diverge; set preprocessing.scale to "
            "unit, or lower the learning rate"
        )
    elif optimizer.type in _ADAPTIVE and rate > _STEEP_FOR_ADAPTIVE:
        yield (
            f"{optimizer.type} with a learning rate of {rate:g} often does not learn at all; its usual learning rate "
            "is 0.001, and values above 0.01 rarely work"
        )
    elif rate < _NEGLIGIBLE:
        yield f"with a learning rate of {rate:g} the weights hardly change; start with 0.001"


def _about_batches(spec: ExperimentSpec) -> Iterator[str]:
    samples, batch_size = spec.dataset.split_sizes().training, spec.training.batch_size
    if batch_size > samples / 2:
        yield (
            f"a batch size of {batch_size:,} is more than half of the training split ({quantity(samples, 'sample')}): "
            f"an epoch has only {quantity(spec.steps_per_epoch(), 'step')}; 32 to 128 learns faster"
        )


def _about_epochs(spec: ExperimentSpec) -> Iterator[str]:
    training = spec.training
    if training.early_stopping is None and training.epochs > _MANY_EPOCHS:
        yield (
            f"{training.epochs:,} epochs without early stopping are likely to overfit; add "
            "training.early_stopping: {patience: 10}"
        )


def _about_patience(spec: ExperimentSpec) -> Iterator[str]:
    training = spec.training
    stopping, plateau = training.early_stopping, training.reduce_lr_on_plateau
    if stopping is not None and stopping.patience >= training.epochs:
        yield (
            f"early_stopping waits {quantity(stopping.patience, 'epoch')}, but the training has only "
            f"{training.epochs}: it will never stop; lower its patience"
        )
    if plateau is not None and plateau.patience >= training.epochs:
        yield (
            f"reduce_lr_on_plateau waits {quantity(plateau.patience, 'epoch')}, but the training has only "
            f"{training.epochs}: it will never lower the learning rate; lower its patience"
        )
    elif stopping is not None and plateau is not None and plateau.patience >= stopping.patience:
        yield (
            f"early_stopping stops after {quantity(stopping.patience, 'epoch')} without improvement, before "
            f"reduce_lr_on_plateau, which waits {plateau.patience}, lowers the learning rate; give "
            "reduce_lr_on_plateau a lower patience"
        )


def _about_smoothing(spec: ExperimentSpec) -> Iterator[str]:
    loss = spec.training.loss
    if (
        isinstance(loss, CategoricalCrossentropy | CategoricalFocalCrossentropy)
        and loss.label_smoothing > _STRONG_SMOOTHING
    ):
        yield f"label_smoothing of {loss.label_smoothing:g} leaves little of the labels to learn from; 0.1 is usual"


def _about_limit(spec: ExperimentSpec) -> Iterator[str]:
    limit, counts = spec.dataset.limit_per_class, spec.dataset.facts.training_counts
    if limit is not None and limit > max(counts):
        yield (
            f"limit_per_class of {limit:,} has no effect: no class has more than {quantity(max(counts), 'sample')} to "
            "be split; leave it out or lower it"
        )
