"""Rules about generalization: does the network do as well on new images?"""

import math

from analysis.diagnosis import suggestions
from analysis.diagnosis.curves import Curve, ratio
from analysis.diagnosis.finding import Finding, Suggestion
from analysis.diagnosis.number_format import fall, number, percent, round_digits
from analysis.diagnosis.training_run import TrainingRun

# Fewer show no trend.
_MIN_EPOCHS = 5
# Prechelt's generalization loss, E_va / E_opt - 1, of his criterion GL_5; his are between 1 and 5 percent, and the
# largest is for curves that jump, as those of small networks do.
_LOSS_RISE = 0.05
# In standard errors of the level that the curve ends on; a smaller rise may be chance.
_SIGNIFICANT = 2.0
# Training loss must fall by so much meanwhile: a network that memorizes nothing does not overfit.
_TRAINING_FALL = 0.05
# A smaller difference is the luck of picking the best of many epochs, which differ by a jump or two.
_BETTER_EPOCH, _LUCKY_JUMPS = 0.1, 3.0
# Points of accuracy between training and test that are more than usual for small networks.
_GAP = 0.05
# A network that is far from right in training has memorized something if it is so many points worse in validation.
_MEMORIZED = 0.1


def overfitting(run: TrainingRun) -> Finding | None:
    """Smoothed validation loss turns up for good while training loss keeps falling (Goodfellow et al. 2016, Deep
    Learning, 7.8; the criterion: Prechelt 1998, "Early stopping - but when?"), and accuracy in training is good, or far
    above that in validation."""
    loss, val_loss = run.losses
    turn = _turn(val_loss)
    if turn is None or loss.end > (1 - _TRAINING_FALL) * loss.smoothed[val_loss.lowest]:
        return None
    lowest, is_good = val_loss.lowest, _is_good_in_training(run)
    if not is_good and not _is_better_in_training(run):
        return None
    return Finding(
        rule="overfitting",
        severity="info" if run.has_ended and run.has_restored_best else "warning",
        sentence=(
            f"The network overfits: from about epoch {val_loss.epochs[turn] + 1} on it "
            f"{'memorizes' if is_good else 'improves on'} the training data{'' if is_good else ' alone'}. "
            f"Validation loss rises from {fall(val_loss, lowest)}, while training loss keeps falling from "
            f"{fall(loss, lowest)}."
        ),
        evidence={
            "epoch": val_loss.epochs[turn],
            "lowest_epoch": val_loss.epochs[lowest],
            "val_loss": [round_digits(val_loss.smoothed[lowest]), round_digits(val_loss.end)],
            "loss": [round_digits(loss.smoothed[lowest]), round_digits(loss.end)],
        },
        suggestion=_regularize(run),
    )


def _is_good_in_training(run: TrainingRun) -> bool:
    return len(run.accuracy) == 0 or not run.is_poor(run.accuracy.end)


def _is_better_in_training(run: TrainingRun) -> bool:
    return len(run.val_accuracy) > 0 and run.accuracy.end - run.val_accuracy.end >= _MEMORIZED


def _turn(val_loss: Curve) -> int | None:
    """The index from which the smoothed curve stays above its lowest level; None if it ends near that."""
    if len(val_loss) < _MIN_EPOCHS:
        return None
    smoothed, least = val_loss.smoothed, val_loss.smoothed[val_loss.lowest]
    limit = least + _LOSS_RISE * abs(least)
    # The level at the end is a mean over half a window, about three epochs.
    uncertainty = val_loss.since(val_loss.lowest).jumps / math.sqrt(3)
    if val_loss.end <= limit or val_loss.end - least < _SIGNIFICANT * uncertainty:
        return None
    return 1 + max(index for index in range(len(val_loss)) if smoothed[index] <= limit)


def _regularize(run: TrainingRun) -> Suggestion | None:
    spec = run.spec
    stopping = suggestions.stop_early(spec)
    stop = " and stop early" if stopping else ""
    augmentation, dropout = suggestions.augment(spec), suggestions.add_dropout(spec)
    return suggestions.suggest(
        run,
        (f"Augment the training images{stop}.", augmentation and {**augmentation, **(stopping or {})}),
        (f"Add Dropout before the last Dense layer{stop}.", dropout and {**dropout, **(stopping or {})}),
        ("Stop early and restore the weights of the best epoch.", stopping),
    )


def better_epoch(run: TrainingRun) -> Finding | None:
    """An earlier epoch was better than the last one, whose weights are published (Goodfellow et al. 2016, 7.8: keep
    the weights of the best epoch)."""
    _, val_loss = run.losses
    if not run.has_ended or run.has_restored_best or len(val_loss) < 2:
        return None
    best = min(range(len(val_loss)), key=val_loss.values.__getitem__)
    last, least = val_loss.values[-1], val_loss.values[best]
    if ratio(last - least, last) < _BETTER_EPOCH or _is_luck(val_loss.since(best)):
        return None
    return Finding(
        rule="better-epoch",
        severity="warning",
        sentence=(
            f"Epoch {val_loss.epochs[best] + 1} was better than the last one: its validation loss was {number(least)}, "
            f"and {number(last)} at the end. The weights of the last epoch were kept."
        ),
        evidence={"epoch": val_loss.epochs[best], "val_loss": [round_digits(least), round_digits(last)]},
        suggestion=suggestions.suggest(
            run, ("Publish the best epoch instead of the last one.", suggestions.keep_best(run.spec))
        ),
    )


def _is_luck(val_loss: Curve) -> bool:
    """Whether the first epoch is better than the last one by no more than the curve jumps in between."""
    lost = val_loss.values[-1] - val_loss.values[0]
    return len(val_loss) >= _MIN_EPOCHS and lost < _LUCKY_JUMPS * val_loss.jumps


def generalization_gap(run: TrainingRun) -> Finding | None:
    """The published network is clearly better on the training split than on the test split (Goodfellow et al. 2016, 5.2
    and 11.4.1), by more than the luck of a small test split.

    If the training split was not evaluated, the published epoch's accuracy in training stands in. It is a mean over the
    epoch, and Dropout and augmentation lower it, so that the gap is usually larger still.
    """
    test, trained = run.evaluations.get("test"), run.evaluated_accuracy("training")
    if trained is None:
        trained = run.accuracy.at(run.published_epoch)
    if test is None or trained is None:
        return None
    gap, error = trained - test.accuracy, math.sqrt(test.accuracy * (1 - test.accuracy) / max(1, test.samples))
    if gap < max(_GAP, _SIGNIFICANT * error):
        return None
    return Finding(
        rule="generalization-gap",
        severity="warning",
        sentence=(
            f"The network generalizes poorly: accuracy is {percent(trained)} on the training split and "
            f"{percent(test.accuracy)} on the test split, {number(100 * gap)} points less on samples that it has never "
            "seen."
        ),
        evidence={"training_accuracy": round_digits(trained), "test_accuracy": round_digits(test.accuracy)},
        suggestion=_regularize(run),
    )
