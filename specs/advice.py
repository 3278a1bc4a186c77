"""What is allowed but likely to disappoint."""

from collections.abc import Iterator

from specs.experiment import ExperimentSpec

_STEEP_ON_RAW_PIXELS = 0.01
_MANY_EPOCHS = 200


def warnings_for(spec: ExperimentSpec) -> list[str]:
    """One sentence each: what was found, what comes of it, what to do."""
    return [*_about_learning_rate(spec), *_about_batches(spec), *_about_answer(spec), *_about_epochs(spec)]


def _about_learning_rate(spec: ExperimentSpec) -> Iterator[str]:
    rate = spec.training.optimizer.learning_rate
    if rate >= 1:
        yield f"a learning rate of {rate:g} will almost certainly diverge; 0.001 is a good start"
    elif spec.preprocessing.scale == "none" and rate > _STEEP_ON_RAW_PIXELS:
        yield (
            f"raw pixels 0-255 with a learning rate of {rate:g} tend to diverge; set preprocessing.scale to "
            "unit, or lower the rate"
        )


def _about_batches(spec: ExperimentSpec) -> Iterator[str]:
    part, batch_size = spec.dataset.part_sizes().training, spec.training.batch_size
    if batch_size > part / 2:
        steps = spec.steps_per_epoch()
        yield (
            f"a batch of {batch_size:,} is more than half of the training part ({part:,} samples): an epoch "
            f"makes only {steps} {'step' if steps == 1 else 'steps'}; 32 to 128 learns faster"
        )


def _about_answer(spec: ExperimentSpec) -> Iterator[str]:
    activation = spec.network().last_activation
    if activation != "softmax":
        yield (
            f"the last activation is {activation}, not softmax: the network's answers are no "
            "probabilities; leave it out to get softmax"
        )


def _about_epochs(spec: ExperimentSpec) -> Iterator[str]:
    training = spec.training
    if training.early_stopping is None and training.epochs > _MANY_EPOCHS:
        yield (
            f"{training.epochs:,} epochs without early stopping are likely to overfit; add "
            "training.early_stopping: {patience: 10}"
        )
