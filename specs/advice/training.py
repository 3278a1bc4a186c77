"""Warnings about learning rate, batches, epochs, callbacks and class limits."""

from collections.abc import Iterator
from itertools import chain

from specs.advice.advice import Advice
from specs.advice.scaling import scaling_layer
from specs.experiment import ExperimentSpec
from specs.losses import BinaryCrossentropy, CategoricalCrossentropy, CategoricalFocalCrossentropy
from specs.problem import quantity
from specs.training import EarlyStopping, ReduceLROnPlateau, default_batch_size

_STEEP_ON_RAW_PIXELS = 0.01
_MANY_EPOCHS = 200
_USUAL = 0.001  # Keras's default of most optimizers
_PATIENCE = 10
_STEEP_FOR_ADAPTIVE = 0.01
_NEGLIGIBLE = 1e-7
_STRONG_SMOOTHING = 0.5
_WITH_SMOOTHING = (BinaryCrossentropy, CategoricalCrossentropy, CategoricalFocalCrossentropy)
# They divide by the size of the gradients, so that the learning rate is the length of a step.
_ADAPTIVE = frozenset({"Adam", "AdamW", "Nadam", "Adamax", "RMSprop", "Lion"})


def training_advice(spec: ExperimentSpec) -> Iterator[Advice]:
    about = (_about_learning_rate, _about_batches, _about_epochs, _about_patience, _about_smoothing, _about_limit)
    return chain.from_iterable(each(spec) for each in about)


def _about_learning_rate(spec: ExperimentSpec) -> Iterator[Advice]:
    optimizer = spec.training.optimizer
    rate = optimizer.peak_learning_rate
    is_number = isinstance(optimizer.learning_rate, int | float)
    usual = {"training": {"optimizer": {"type": optimizer.type, "learning_rate": _USUAL}}} if is_number else None
    raw = spec.preprocessing.scale == "none" and spec.dataset.facts.has_images and scaling_layer(spec.network) is None
    if rate >= 1 and optimizer.type != "Adadelta":
        yield Advice(f"a learning rate of {rate:g} will almost certainly diverge; start with {_USUAL}", usual)
    elif raw and rate > _STEEP_ON_RAW_PIXELS:
        yield Advice(
            f"raw pixels 0-255 with a learning rate of {rate:g} tend to diverge; set preprocessing.scale to "
            "unit, or lower the learning rate",
            {"preprocessing": {"scale": "unit"}},
        )
    elif optimizer.type in _ADAPTIVE and rate > _STEEP_FOR_ADAPTIVE:
        yield Advice(
            f"{optimizer.type} with a learning rate of {rate:g} often does not learn at all; its usual learning rate "
            f"is {_USUAL}, and values above 0.01 rarely work",
            usual,
        )
    elif rate < _NEGLIGIBLE:
        yield Advice(f"with a learning rate of {rate:g} the weights hardly change; start with {_USUAL}", usual)


def _about_batches(spec: ExperimentSpec) -> Iterator[Advice]:
    samples, batch_size = spec.dataset.split_sizes().training, spec.training.batch_size
    better = default_batch_size(samples)
    if batch_size > samples / 2 and batch_size > better:
        yield Advice(
            f"a batch size of {batch_size:,} is more than half of the training split ({quantity(samples, 'sample')}): "
            f"an epoch has only {quantity(spec.steps_per_epoch(), 'step')}; {better} learns faster",
            {"training": {"batch_size": better}},
        )


def _about_epochs(spec: ExperimentSpec) -> Iterator[Advice]:
    training = spec.training
    if training.early_stopping is None and training.epochs > _MANY_EPOCHS:
        yield Advice(
            f"{training.epochs:,} epochs without early stopping are likely to overfit; add "
            f"training.early_stopping: {{patience: {_PATIENCE}}}",
            {"training": {"early_stopping": {"patience": _PATIENCE}}},
        )


def _about_patience(spec: ExperimentSpec) -> Iterator[Advice]:
    training = spec.training
    stopping, plateau = training.early_stopping, training.reduce_lr_on_plateau
    lower = training.epochs // 3
    if stopping is not None and stopping.patience >= training.epochs:
        yield Advice(
            f"early_stopping waits {quantity(stopping.patience, 'epoch')}, but the training has only "
            f"{training.epochs}: it will never stop; lower its patience",
            {"training": {"early_stopping": {"patience": lower}}},
        )
    if plateau is not None and plateau.patience >= training.epochs:
        yield Advice(
            f"reduce_lr_on_plateau waits {quantity(plateau.patience, 'epoch')}, but the training has only "
            f"{training.epochs}: it will never lower the learning rate; lower its patience",
            {"training": {"reduce_lr_on_plateau": {"patience": lower}}},
        )
    elif stopping is not None and plateau is not None and plateau.patience >= stopping.patience:
        yield _about_order(stopping, plateau)


def _about_order(stopping: EarlyStopping, plateau: ReduceLROnPlateau) -> Advice:
    """A patience of 0 cannot be undercut, so that the other one has to grow."""
    found = (
        f"early_stopping stops after {quantity(stopping.patience, 'epoch')} without improvement, before "
        f"reduce_lr_on_plateau, which waits {plateau.patience}, lowers the learning rate"
    )
    if stopping.patience == 0:
        patience = plateau.patience + 1
        return Advice(
            f"{found}; give early_stopping a patience of more than {plateau.patience}",
            {"training": {"early_stopping": {"patience": patience}}},
        )
    return Advice(
        f"{found}; give reduce_lr_on_plateau a lower patience",
        {"training": {"reduce_lr_on_plateau": {"patience": stopping.patience // 3}}},
    )


def _about_smoothing(spec: ExperimentSpec) -> Iterator[Advice]:
    loss = spec.training.loss
    if isinstance(loss, _WITH_SMOOTHING) and loss.label_smoothing > _STRONG_SMOOTHING:
        yield Advice(
            f"label_smoothing of {loss.label_smoothing:g} leaves little of the labels to learn from; 0.1 is usual",
            {"training": {"loss": {"type": loss.type, "label_smoothing": 0.1}}},
        )


def _about_limit(spec: ExperimentSpec) -> Iterator[Advice]:
    limit, counts = spec.dataset.limit_per_class, spec.dataset.facts.training_counts
    if limit is not None and limit > max(counts):
        yield Advice(
            f"limit_per_class of {limit:,} has no effect: no class has more than {quantity(max(counts), 'sample')} to "
            "be split; leave it out or lower it",
            {"dataset": {"limit_per_class": None}},
        )
