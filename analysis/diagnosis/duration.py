"""Rules about the duration: is the training long enough, and not longer than needed?"""

import math

from analysis.diagnosis import suggestions
from analysis.diagnosis.curves import Curve, ratio
from analysis.diagnosis.finding import Finding, Suggestion
from analysis.diagnosis.number_format import fall, number, round_digits
from analysis.diagnosis.training_run import TrainingRun
from specs import limits

# Fewer show no trend.
_MIN_EPOCHS = 4
# Validation loss that fell by so much over the last quarter is likely to keep falling; less is the usual slow end.
_STILL_FALLING = 0.05
# As a share of the loss of guessing: below it, about 0.02 for ten classes, there is little left to gain.
_WORTHWHILE = 0.01
# A learning rate below this share of its peak was lowered on purpose: loss falls at the end of any such run, and stops.
_ANNEALED = 0.1
# Shorter runs cost too little to mention.
_MANY_EPOCHS = 10
# "Nothing gained": smoothed validation loss within two percent of its lowest, errors fewer by less than a tenth.
_SAME_LOSS, _FEWER_ERRORS = 0.02, 0.1
# Half again as long as was needed: the next run, from another seed, may need more.
_MARGIN = 1.5


def not_converged(run: TrainingRun) -> Finding | None:
    """Validation loss was still falling when the training ended (Godbole et al. 2023, Deep Learning Tuning Playbook,
    "Deciding how long to train")."""
    _, val_loss = run.losses
    if not run.has_ended or run.stop_reason not in ("completed", "time_budget") or _is_annealed(run):
        return None
    if len(val_loss) < _MIN_EPOCHS or val_loss.lowest != len(val_loss) - 1:
        return None
    before = len(val_loss) - 1 - max(2, len(val_loss) // 4)
    fallen = val_loss.smoothed[before] - val_loss.end
    if ratio(fallen, val_loss.smoothed[before]) < _STILL_FALLING or fallen < _WORTHWHILE * (run.guessing_loss or 0.0):
        return None
    return Finding(
        rule="not-converged",
        severity="warning",
        sentence=(
            f"The training ended while the network was still improving: validation loss fell from "
            f"{fall(val_loss, before)} over the last {len(val_loss) - before} epochs."
        ),
        evidence={
            "since_epoch": val_loss.epochs[before],
            "val_loss": [round_digits(val_loss.smoothed[before]), round_digits(val_loss.end)],
        },
        suggestion=_train_longer(run),
    )


def _is_annealed(run: TrainingRun) -> bool:
    return bool(run.learning_rates) and run.learning_rates[-1] < _ANNEALED * max(run.learning_rates)


def _train_longer(run: TrainingRun) -> Suggestion | None:
    training = run.spec.training
    if run.stop_reason == "time_budget":
        minutes = min(2 * training.max_minutes, limits.MINUTES)
        change = suggestions.set_training(max_minutes=minutes) if minutes > training.max_minutes else None
        return suggestions.suggest(run, (f"Train for up to {_minutes(minutes)}.", change))
    epochs = min(2 * training.epochs, limits.EPOCHS)
    change = suggestions.set_training(epochs=epochs) if epochs > training.epochs else None
    return suggestions.suggest(run, (f"Train for {epochs:,} epochs.", change))


def _minutes(minutes: float) -> str:
    return f"{number(minutes)} {'minute' if minutes == 1 else 'minutes'}"


def too_many_epochs(run: TrainingRun) -> Finding | None:
    """Neither validation loss nor validation accuracy improved in the second half of the training or longer (Prechelt
    1998: the slowest criteria gain four percent and take four times as long)."""
    _, val_loss = run.losses
    if not run.has_ended or run.stop_reason != "completed" or len(val_loss) < _MANY_EPOCHS:
        return None
    least = val_loss.smoothed[val_loss.lowest]
    limit = least + _SAME_LOSS * abs(least)
    enough = next(index for index, value in enumerate(val_loss.smoothed) if value <= limit)
    epochs = val_loss.epochs[enough] + 1
    if 2 * epochs > run.points[-1].epoch + 1 or _gained(run.val_accuracy, val_loss.epochs[enough]):
        return None
    shorter = math.ceil(_MARGIN * epochs)
    return Finding(
        rule="too-many-epochs",
        severity="info",
        sentence=(
            f"The network did not improve after about epoch {epochs}: validation loss was "
            f"{number(val_loss.smoothed[enough])} then, and {number(val_loss.end)} after {run.points[-1].epoch + 1} "
            "epochs."
        ),
        evidence={
            "epoch": val_loss.epochs[enough],
            "val_loss": [round_digits(val_loss.smoothed[enough]), round_digits(val_loss.end)],
        },
        suggestion=suggestions.suggest(run, (f"Train for {shorter} epochs.", suggestions.set_training(epochs=shorter))),
    )


def _gained(accuracy: Curve, epoch: int) -> bool:
    """Whether errors became clearly fewer after `epoch`; False if there is no accuracy."""
    if epoch not in accuracy.epochs:
        return False
    then = 1 - accuracy.smoothed[accuracy.epochs.index(epoch)]
    return ratio(then - (1 - accuracy.end), then) > _FEWER_ERRORS
