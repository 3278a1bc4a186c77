"""Is the learning rate right?"""

import math
from itertools import pairwise

from analysis.diagnosis import suggestions
from analysis.diagnosis.curves import Curve, curve, is_number, ratio
from analysis.diagnosis.finding import Finding
from analysis.diagnosis.number_format import fall, number, percent, rounded
from analysis.diagnosis.run import Run

# Fewer epochs at about one rate show neither jumps nor creeping.
_MIN_EPOCHS = 5
# Epochs whose rates are between half and twice the last one's count as one stretch.
_SLOWER, _FASTER = 0.5, 2.0
# Past its top, and below this share of it, a schedule's rate is meant to be one that converges.
_DOWN_FROM_TOP = 0.5
# Training loss that ends half above its lowest has gone up: with a rate that fits it only falls.
_CLIMB = 0.5
# ... and by a tenth of where it began: around zero, half as much again is nothing.
_CLIMB_OF_START = 0.1
# The three histories of the sources jump by 0.02 to 0.10 of their level.
_ROUGH = 0.2
# A validation split of a few hundred samples moves by a point without any cause.
_ACCURACY_JUMPS = 0.02
# Times the optimizer's default, which is what its authors found to do for most networks.
_FAR_ABOVE = 10
# A walk downhill goes down nearly every time; one that jumps across the valley turns at every other epoch or more.
_DOWNHILL, _TURNS = 0.8, 0.5
# Shares of a loss: a fall hardly worth the name, one that a training should exceed, and one that is next to nothing.
_MIN_FALL, _SMALL_FALL, _TINY_FALL = 0.001, 0.3, 0.1
# A curve that creeps falls as fast in its second half as in its first; one that has levelled off does not.
_STEADY = 0.5
_LOSSES = ("loss", "val_loss")


def diverged(run: Run) -> Finding | None:
    """The loss was no longer a number (Goodfellow et al. 2016, 11.4.1: a rate that is too large makes it grow)."""
    lost = [point for point in run.points if not all(is_number(point.metrics.get(name, 0)) for name in _LOSSES)]
    if run.failure != "diverged" and not lost:
        return None
    epoch = next((point.epoch for point in [*lost, *run.points[-1:]]), 0)
    rate = _rate_of(run, epoch)
    return Finding(
        rule="diverged",
        severity="problem",
        sentence=(
            f"In epoch {epoch + 1} the loss grew beyond every number: the steps, at a learning rate of "
            f"{number(rate)}, were too large."
        ),
        evidence={"epoch": epoch, "learning_rate": rounded(rate)},
        suggestion=suggestions.suggestion(
            run,
            (
                "Scale the pixels to 0 to 1; raw ones make each step 255 times as large.",
                suggestions.scaling_pixels(run.spec),
            ),
            ("Take a tenth of the learning rate.", suggestions.scaling_rate(run.spec, 0.1)),
        ),
    )


def _rate_of(run: Run, epoch: int) -> float:
    rates = [rate for rate, point in zip(run.rates, run.points, strict=True) if point.epoch == epoch]
    return rates[0] if rates else run.spec.training.optimizer.peak_learning_rate


def rate_too_high(run: Run) -> Finding | None:
    """Training loss climbs, validation loss jumps up and down, or a network gets stuck far above its optimizer's usual
    rate, and the rate is not large on purpose (Smith 2018, arXiv:1803.09820, section 3; Godbole et al. 2023, Deep
    Learning Tuning Playbook, on optimization failures)."""
    points = run.points[_settled(run) :]
    loss, val_loss = curve(points, "loss"), curve(points, "val_loss")
    if min(len(loss), len(val_loss)) < _MIN_EPOCHS:
        return None
    late = max(_MIN_EPOCHS, len(points) // 2)  # the first epochs are steep, which is not rough
    val_loss = curve(points[-late:], "val_loss")
    if _climbs(loss, curve(run.points, "loss").start):
        seen, part, factor = f"training loss climbs from {fall(loss, loss.lowest)}", "tenth", 0.1
    elif _jumps(val_loss, curve(points[-late:], "val_accuracy")):
        roughness = percent(val_loss.roughness)
        seen, part, factor = f"validation loss jumps by {roughness} of its level from epoch to epoch", "third", 1 / 3
    elif _is_stuck(run, loss):
        seen, part, factor = f"the network stays poor, its training loss at {number(loss.end)}", "tenth", 0.1
    else:
        return None
    return Finding(
        rule="learning-rate-too-high",
        severity="warning",
        sentence=f"The learning rate, {number(run.rates[-1])}, is too high: {seen}.",
        evidence={
            "since_epoch": points[0].epoch,
            "learning_rate": rounded(run.rates[-1]),
            "loss": [rounded(loss.smoothed[loss.lowest]), rounded(loss.end)],
            "roughness": rounded(val_loss.roughness),
        },
        suggestion=suggestions.suggestion(
            run, (f"Take a {part} of the learning rate.", suggestions.scaling_rate(run.spec, factor))
        ),
    )


def _settled(run: Run) -> int:
    """The place of the first epoch of those at the end that ran at about the last one's rate. None do where that is
    still large on purpose: on its way up, or not far enough down from its top."""
    rates, limit = run.rates, math.inf
    if run.has_schedule:
        limit = _DOWN_FROM_TOP * run.spec.training.optimizer.peak_learning_rate
        if not rates or rates[-1] >= max(rates):
            return len(rates)
    place = len(rates)
    while place and rates[place - 1] <= limit and _SLOWER <= ratio(rates[place - 1], rates[-1]) <= _FASTER:
        place -= 1
    return place


def _climbs(loss: Curve, start: float) -> bool:
    risen = loss.end - loss.smoothed[loss.lowest]
    return risen > _CLIMB * loss.smoothed[loss.lowest] and risen > _CLIMB_OF_START * start


def _jumps(val_loss: Curve, val_accuracy: Curve) -> bool:
    steps = [after - before for before, after in pairwise(val_loss.values)]
    turns = sum(before * after < 0 for before, after in pairwise(steps))
    moves = not len(val_accuracy) or val_accuracy.jumps >= _ACCURACY_JUMPS
    return val_loss.roughness >= _ROUGH and ratio(turns, len(steps) - 1) >= _TURNS and moves


def _is_stuck(run: Run, loss: Curve) -> bool:
    seen = [*run.accuracy.values, *run.val_accuracy.values]
    if not seen or not run.is_poor(max(seen)) or run.rates[-1] < _FAR_ABOVE * run.usual_rate:
        return False
    return loss.end > (1 - _TINY_FALL) * loss.smoothed[len(loss) // 2]


def rate_too_low(run: Run) -> Finding | None:
    """Training loss falls with every epoch, and hardly at all (Smith 2018, arXiv:1803.09820, section 3; Goodfellow
    et al. 2016, 11.4.1)."""
    loss, _ = run.losses
    if len(loss) < _MIN_EPOCHS or (run.has_schedule and not run.has_ended):
        return None
    middle = len(loss) // 2
    fallen = ratio(loss.values[0] - loss.values[-1], loss.values[0])
    steady = loss.values[middle] - loss.values[-1] >= _STEADY * (loss.values[0] - loss.values[middle])
    creeps = loss.falling >= _DOWNHILL and steady and _MIN_FALL <= fallen <= _SMALL_FALL
    best = max([*run.accuracy.values, *run.val_accuracy.values], default=0.0)
    if not creeps or not run.is_poor(best):
        return None
    factor = 10 if fallen < _TINY_FALL else 3
    rate = max(run.rates)
    return Finding(
        rule="learning-rate-too-low",
        severity="warning",
        sentence=(
            f"The network creeps: in {len(loss)} epochs training loss fell by {percent(fallen)} to "
            f"{number(loss.values[-1])}, a little each time. A learning rate of {number(rate)} is too low."
        ),
        evidence={
            "learning_rate": rounded(rate),
            "loss": [rounded(loss.values[0]), rounded(loss.values[-1])],
            "fallen": rounded(fallen),
        },
        suggestion=suggestions.suggestion(
            run, (f"Take {factor} times the learning rate.", suggestions.scaling_rate(run.spec, factor))
        ),
    )
