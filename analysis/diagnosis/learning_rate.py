"""Rules about the learning rate."""

import math
from itertools import pairwise

from analysis.diagnosis import suggestions
from analysis.diagnosis.curves import Curve, curve, is_number, ratio
from analysis.diagnosis.finding import Finding
from analysis.diagnosis.number_format import fall, number, percent, round_digits
from analysis.diagnosis.training_run import TrainingRun

# Fewer epochs at about one learning rate show neither jumps nor slow progress.
_MIN_EPOCHS = 5
# Epochs with rates between half and twice the last one's count as one phase.
_SLOWER, _FASTER = 0.5, 2.0
# Past its peak, and below this share of it, the rate of a schedule is meant to converge.
_DOWN_FROM_TOP = 0.5
# Training loss that ends half above its lowest has risen: with a suitable rate it only falls.
_RISE = 0.5
# ... and by a tenth of where it began: around zero, half as much again is nothing.
_RISE_OF_START = 0.1
# The three histories of the sources jump by 0.02 to 0.10 of their level.
_ROUGH = 0.2
# The accuracy on a validation split of a few hundred samples varies by a point by chance.
_ACCURACY_JUMPS = 0.02
# Times the optimizer's default, which its authors found suitable for most networks.
_FAR_ABOVE = 10
# So far below it a rate has no effect within a few epochs.
_FAR_BELOW = 0.01
# A loss that descends falls in nearly every epoch; one that oscillates turns at every other epoch or more.
_DOWNHILL, _TURNS = 0.8, 0.5
# Shares of a loss: a fall too small to count, one that a training should exceed, and one that is nearly nothing.
_MIN_FALL, _SMALL_FALL, _TINY_FALL = 0.001, 0.3, 0.1
# A curve of slow progress falls as fast in its second half as in its first; one at a plateau does not.
_STEADY = 0.5
_LOSSES = ("loss", "val_loss")


def diverged(run: TrainingRun) -> Finding | None:
    """The loss was no longer finite (Goodfellow et al. 2016, 11.4.1: a rate that is too large makes it grow)."""
    lost = [point for point in run.points if not all(is_number(point.metrics.get(name, 0)) for name in _LOSSES)]
    if run.failure != "diverged" and not lost:
        return None
    epoch = next((point.epoch for point in [*lost, *run.points[-1:]]), 0)
    rate = _rate_of(run, epoch)
    return Finding(
        rule="diverged",
        severity="problem",
        sentence=(
            f"The training diverged: the loss was no longer finite in epoch {epoch + 1}. The steps, at a learning rate "
            f"of {number(rate)}, were too large."
        ),
        evidence={"epoch": epoch, "learning_rate": round_digits(rate)},
        suggestion=suggestions.suggest(
            run,
            (
                "Scale the pixels to 0 to 1: raw pixels make each step 255 times as large.",
                suggestions.scale_pixels(run.spec),
            ),
            ("Divide the learning rate by 10.", suggestions.scale_learning_rate(run.spec, 0.1)),
        ),
    )


def _rate_of(run: TrainingRun, epoch: int) -> float:
    rates = [rate for rate, point in zip(run.learning_rates, run.points, strict=True) if point.epoch == epoch]
    return rates[0] if rates else run.spec.training.optimizer.peak_learning_rate


def learning_rate_too_high(run: TrainingRun) -> Finding | None:
    """Training loss rises, validation loss oscillates, or a network makes no progress far above its optimizer's default
    rate, and the rate is not large on purpose (Smith 2018, arXiv:1803.09820, section 3; Godbole et al. 2023, Deep
    Learning Tuning Playbook, on optimization failures)."""
    points = run.points[_settled(run) :]
    loss, val_loss = curve(points, "loss"), curve(points, "val_loss")
    if min(len(loss), len(val_loss)) < _MIN_EPOCHS:
        return None
    late = max(_MIN_EPOCHS, len(points) // 2)  # the first epochs are steep, which is not rough
    val_loss = curve(points[-late:], "val_loss")
    if _rises(loss, curve(run.points, "loss").start):
        seen, divisor = f"training loss rises from {fall(loss, loss.lowest)}", 10
    elif _oscillates(val_loss, curve(points[-late:], "val_accuracy")):
        seen, divisor = f"validation loss jumps by {percent(val_loss.roughness)} of its level between epochs", 3
    elif _is_stuck(run, loss):
        seen, divisor = f"accuracy stays poor and training loss at {number(loss.end)}", 10
    else:
        return None
    return Finding(
        rule="learning-rate-too-high",
        severity="warning",
        sentence=f"The learning rate, {number(run.learning_rates[-1])}, is too high: {seen}.",
        evidence={
            "since_epoch": points[0].epoch,
            "learning_rate": round_digits(run.learning_rates[-1]),
            "loss": [round_digits(loss.smoothed[loss.lowest]), round_digits(loss.end)],
            "roughness": round_digits(val_loss.roughness),
        },
        suggestion=suggestions.suggest(
            run,
            (f"Divide the learning rate by {divisor}.", suggestions.scale_learning_rate(run.spec, 1 / divisor)),
        ),
    )


def _settled(run: TrainingRun) -> int:
    """The index of the first epoch of the last phase, which ran at about the last epoch's rate. The phase is empty if
    that rate is still large on purpose: on its way up, or not far enough below its peak."""
    rates, limit = run.learning_rates, math.inf
    if run.has_schedule:
        limit = _DOWN_FROM_TOP * run.spec.training.optimizer.peak_learning_rate
        if not rates or rates[-1] >= max(rates):
            return len(rates)
    first = len(rates)
    while first and rates[first - 1] <= limit and _SLOWER <= ratio(rates[first - 1], rates[-1]) <= _FASTER:
        first -= 1
    return first


def _rises(loss: Curve, start: float) -> bool:
    rise = loss.end - loss.smoothed[loss.lowest]
    return rise > _RISE * loss.smoothed[loss.lowest] and rise > _RISE_OF_START * start


def _oscillates(val_loss: Curve, val_accuracy: Curve) -> bool:
    steps = [after - before for before, after in pairwise(val_loss.values)]
    turns = sum(before * after < 0 for before, after in pairwise(steps))
    moves = not len(val_accuracy) or val_accuracy.jumps >= _ACCURACY_JUMPS
    return val_loss.roughness >= _ROUGH and ratio(turns, len(steps) - 1) >= _TURNS and moves


def _is_stuck(run: TrainingRun, loss: Curve) -> bool:
    best = run.highest_accuracy
    if best is None or not run.is_poor(best) or run.learning_rates[-1] < _FAR_ABOVE * run.default_learning_rate:
        return False
    return loss.end > (1 - _TINY_FALL) * loss.smoothed[len(loss) // 2]


def learning_rate_too_low(run: TrainingRun) -> Finding | None:
    """Training loss falls in nearly every epoch, but hardly at all, and validation loss does not turn up (Smith 2018,
    arXiv:1803.09820, section 3; Goodfellow et al. 2016, 11.4.1)."""
    loss, val_loss = run.losses
    if len(loss) < _MIN_EPOCHS or (run.has_schedule and not run.has_ended):
        return None
    middle = len(loss) // 2
    fallen = ratio(loss.values[0] - loss.values[-1], loss.values[0])
    is_steady = loss.values[middle] - loss.values[-1] >= _STEADY * (loss.values[0] - loss.values[middle])
    is_slow = loss.falling >= _DOWNHILL and is_steady and _MIN_FALL <= fallen <= _SMALL_FALL
    rate = max(run.learning_rates)
    is_still = 0 < abs(fallen) < _MIN_FALL and rate <= _FAR_BELOW * run.default_learning_rate
    is_slow = is_slow and val_loss.lowest >= middle
    if not (is_slow or is_still) or not run.is_poor(run.highest_accuracy or 0.0):
        return None
    factor = 10 if fallen < _TINY_FALL else 3
    course = "does not move, and is" if is_still else f"falls steadily but slowly, by {percent(fallen)} to"
    return Finding(
        rule="learning-rate-too-low",
        severity="warning",
        sentence=(
            f"The learning rate, {number(rate)}, is too low: training loss {course} "
            f"{number(loss.values[-1])} in {len(loss)} epochs."
        ),
        evidence={
            "learning_rate": round_digits(rate),
            "loss": [round_digits(loss.values[0]), round_digits(loss.values[-1])],
            "fallen": round_digits(fallen),
        },
        suggestion=suggestions.suggest(
            run, (f"Multiply the learning rate by {factor}.", suggestions.scale_learning_rate(run.spec, factor))
        ),
    )
