"""The rule about networks that answer differently in training and in inference."""

import math
from typing import NamedTuple

from analysis.diagnosis import suggestions
from analysis.diagnosis.finding import Finding, Suggestion
from analysis.diagnosis.number_format import number, percent, round_digits
from analysis.diagnosis.training_run import TrainingRun
from specs.layers import BatchNormalization

# Points of accuracy. The mean over an epoch in which the network improves is below its accuracy afterwards; Dropout and
# augmentation lower it further.
_GAP = 0.1
# Initial values that count for less no longer matter in a moving average.
_WARM = 0.05
# Warms up in 30 steps, and still averages over ten batches.
_QUICK_MOMENTUM = 0.9


class _MovingAverage(NamedTuple):
    """What is averaged over the steps of a training; `initial` is the weight that its initial value still has."""

    of: str
    momentum: float
    initial: float


def inference_gap(run: TrainingRun) -> Finding | None:
    """Accuracy in training is far above that of the same network in inference: BatchNormalization then uses moving
    averages in place of the statistics of a batch (Ioffe and Szegedy 2015, 3.1), and these need about
    ln(0.05) / ln(momentum) steps, 300 for Keras's default of 0.99, to forget their initial values.

    On the training split, once it was evaluated. Before, validation has to do, and averages that are known to be cold.
    """
    steps = (run.published_epoch + 1) * run.spec.steps_per_epoch()
    average = _coldest_average(run, steps)
    is_cold = average is not None and average.initial > _WARM
    trained = run.accuracy.at(run.published_epoch)
    evaluated, split = run.evaluated_accuracy("training"), "training"
    if evaluated is None and is_cold:
        evaluated, split = run.val_accuracy.at(run.published_epoch), "validation"
    if trained is None or evaluated is None or trained - evaluated < _GAP:
        return None
    cause = (
        f"the moving averages of {average.of} hold {percent(average.initial)} of their initial values after {steps:,} "
        f"steps at a momentum of {number(average.momentum)}"
        if average is not None and is_cold
        else "its weights, or its moving averages, changed too much in the last steps"
    )
    return Finding(
        rule="inference-gap",
        severity="problem",
        sentence=(
            f"The network is worse in inference than in training: accuracy is {percent(trained)} in training, and "
            f"{percent(evaluated)} when the network is evaluated on the {split} split. The likely cause: {cause}."
        ),
        evidence={
            "split": split,
            "accuracy_in_training": round_digits(trained),
            "evaluated_accuracy": round_digits(evaluated),
            "steps": steps,
            "initial_values": round_digits(average.initial) if average is not None else None,
        },
        suggestion=_warm_up(run, average) if average is not None and is_cold else _calm_down(run),
    )


def _coldest_average(run: TrainingRun, steps: int) -> _MovingAverage | None:
    momenta = [("BatchNormalization", rate) for rate in _momenta(run)]
    optimizer = run.spec.training.optimizer
    if optimizer.use_ema:
        momenta.append(("the weights (`use_ema`)", optimizer.ema_momentum))
    averages = [_MovingAverage(name, momentum, momentum**steps) for name, momentum in momenta]
    return max(averages, key=lambda average: average.initial, default=None)


def _momenta(run: TrainingRun) -> list[float]:
    """Of the layers that start cold: frozen ones keep their statistics, and transferred ones have those of another
    training."""
    network = run.spec.network
    return [
        node.layer.momentum
        for index, node in enumerate(network.nodes)
        if isinstance(node.layer, BatchNormalization)
        and not (network.is_frozen(index) or run.is_transferred(node.name))
    ]


def _warm_up(run: TrainingRun, average: _MovingAverage) -> Suggestion | None:
    if average.of != "BatchNormalization":
        return suggestions.suggest(
            run, ("Publish the weights themselves.", suggestions.set_optimizer(run.spec, use_ema=False))
        )
    needed = math.log(_WARM) / math.log(average.momentum) if 0 < average.momentum < 1 else math.inf
    epochs = math.ceil(needed / run.spec.steps_per_epoch()) if math.isfinite(needed) else 0
    is_longer = epochs > run.spec.training.epochs
    return suggestions.suggest(
        run,
        (
            f"Set the momentum of BatchNormalization to {_QUICK_MOMENTUM}.",
            suggestions.set_momentum(run.spec, _QUICK_MOMENTUM),
        ),
        (f"Train for {epochs:,} epochs.", suggestions.set_training(epochs=epochs) if is_longer else None),
    )


def _calm_down(run: TrainingRun) -> Suggestion | None:
    return suggestions.suggest(
        run, ("Divide the learning rate by 3.", suggestions.scale_learning_rate(run.spec, 1 / 3))
    )
