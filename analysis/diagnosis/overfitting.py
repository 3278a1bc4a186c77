"""Does the network learn what holds for new images, too?"""

import math

from analysis.diagnosis import suggestions
from analysis.diagnosis.curves import Curve, ratio
from analysis.diagnosis.finding import Finding, Suggestion
from analysis.diagnosis.number_format import fall, number, percent, rounded
from analysis.diagnosis.run import Run
from specs.splits import SplitName

# Fewer show no trend.
_MIN_EPOCHS = 5
# Prechelt's generalization loss, E_va / E_opt - 1, of his criterion GL_5; his are between 1 and 5 percent, and the
# largest is for curves that jump, as those of small networks do.
_LOSS_RISE = 0.05
# In standard errors of the level that the curve ends on; below it the rise may be chance.
_SURE = 2.0
# By so much training loss must have fallen meanwhile: a network that learns nothing by heart does not over-fit.
_TRAINING_FALL = 0.05
# A smaller difference is the luck of picking the best of many epochs, which differ by a jump or two.
_BETTER_EPOCH, _LUCKY_JUMPS = 0.1, 3.0
# Points of accuracy between training and test that are more than usual for small networks.
_GAP = 0.05


def over_fitting(run: Run) -> Finding | None:
    """Smoothed validation loss turns up for good while training loss goes on falling (Goodfellow et al. 2016, Deep
    Learning, 7.8; when to say so: Prechelt 1998, "Early stopping - but when?")."""
    loss, val_loss = run.losses
    turn = _turn(val_loss)
    if turn is None or loss.end > (1 - _TRAINING_FALL) * loss.smoothed[val_loss.lowest]:
        return None
    lowest = val_loss.lowest
    return Finding(
        rule="over-fitting",
        severity="info" if run.has_ended and run.has_restored_best else "warning",
        sentence=(
            f"From about epoch {val_loss.epochs[turn] + 1} on the network learns its training samples by heart: "
            f"validation loss rises from {fall(val_loss, lowest)}, while training loss goes on falling from "
            f"{fall(loss, lowest)}."
        ),
        evidence={
            "epoch": val_loss.epochs[turn],
            "lowest_epoch": val_loss.epochs[lowest],
            "val_loss": [rounded(val_loss.smoothed[lowest]), rounded(val_loss.end)],
            "loss": [rounded(loss.smoothed[lowest]), rounded(loss.end)],
        },
        suggestion=_against_learning_by_heart(run),
    )


def _turn(val_loss: Curve) -> int | None:
    """The place from which on the smoothed curve stays above its lowest level; None where it ends near that."""
    if len(val_loss) < _MIN_EPOCHS:
        return None
    smoothed, least = val_loss.smoothed, val_loss.smoothed[val_loss.lowest]
    limit = least + _LOSS_RISE * abs(least)
    # The level at the end is a mean over half a window, about three epochs.
    uncertain = val_loss.since(val_loss.lowest).jumps / math.sqrt(3)
    if val_loss.end <= limit or val_loss.end - least < _SURE * uncertain:
        return None
    return 1 + max(place for place in range(len(val_loss)) if smoothed[place] <= limit)


def _against_learning_by_heart(run: Run) -> Suggestion | None:
    spec = run.spec
    stopping = suggestions.stopping_early(spec)
    stop = " and stop early" if stopping else ""
    augmenting, dropping = suggestions.augmenting(spec), suggestions.dropping_out(spec)
    return suggestions.suggestion(
        run,
        (f"Show each image slightly changed every time{stop}.", augmenting and {**augmenting, **(stopping or {})}),
        (f"Put Dropout before the last Dense{stop}.", dropping and {**dropping, **(stopping or {})}),
        ("Stop early and go back to the best epoch.", stopping),
    )


def better_epoch(run: Run) -> Finding | None:
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
            f"The network was better in epoch {val_loss.epochs[best] + 1} than at the end: validation loss "
            f"{number(least)}, at the end {number(last)}. The last epoch's weights were kept."
        ),
        evidence={"epoch": val_loss.epochs[best], "val_loss": [rounded(least), rounded(last)]},
        suggestion=suggestions.suggestion(
            run, ("Stop early and go back to the best epoch.", suggestions.stopping_early(run.spec))
        ),
    )


def _is_luck(val_loss: Curve) -> bool:
    """Whether the first epoch is better than the last one by no more than the curve jumps in between."""
    lost = val_loss.values[-1] - val_loss.values[0]
    return len(val_loss) >= _MIN_EPOCHS and lost < _LUCKY_JUMPS * val_loss.jumps


def generalization_gap(run: Run) -> Finding | None:
    """The published network is clearly better on the training split than on the test split (Goodfellow et al. 2016, 5.2
    and 11.4.1).

    Where the training split was not evaluated, the last epoch's accuracy stands in: Dropout and augmentation make it
    lower than it is, so that the gap is at least as large.
    """
    test, trained = _accuracy(run, "test"), _accuracy(run, "training")
    if trained is None and len(run.accuracy):
        trained = run.accuracy.values[-1]
    if test is None or trained is None or trained - test < _GAP:
        return None
    return Finding(
        rule="generalization-gap",
        severity="warning",
        sentence=(
            f"Of the training samples {percent(trained)} are right, of the test samples {percent(test)}: "
            f"{number(100 * (trained - test))} points less on samples that the network has never seen."
        ),
        evidence={"training_accuracy": rounded(trained), "test_accuracy": rounded(test)},
        suggestion=_against_learning_by_heart(run),
    )


def _accuracy(run: Run, split: SplitName) -> float | None:
    return run.evaluations[split].accuracy if split in run.evaluations else None
