"""Rules about learning: does the network learn at all, and enough?"""

from analysis.diagnosis import suggestions
from analysis.diagnosis.finding import Finding, Suggestion
from analysis.diagnosis.number_format import number, percent, round_digits
from analysis.diagnosis.training_run import TrainingRun
from specs.splits import SplitName

# Fewer do not show what becomes of a network.
MIN_EPOCHS = 4
# One or two epochs of guessing are a slow start, as L2 and raw pixels cause it.
_GUESSING_EPOCHS = 3
# A network that guesses keeps its loss, ln(classes) or another one by its weights, to within two percent.
_SAME_LOSS = 0.02
# Learning rates by a factor of 100 below the optimizer's default have no effect within a few epochs.
_FAR_BELOW = 0.01
# After a slow start a network is well beyond guessing.
_STARTED = 0.2
# A loss that falls by less than five percent over the last quarter, of five epochs at least, has reached a plateau.
_PLATEAU_EPOCHS, _PLATEAU_FALL = 5, 0.05
_HELD_OUT: tuple[SplitName, ...] = ("validation", "test")


def not_learning(run: TrainingRun) -> Finding | None:
    """Accuracy stays at guessing and loss does not move, at ln(classes) for a network with one answer to everything
    (Goodfellow et al. 2016, 6.3.1: units whose gradient is zero; 11.5 on detecting such failures)."""
    loss, _ = run.losses
    if len(loss) < _GUESSING_EPOCHS or not _is_guessing(run):
        return None
    last = loss.values[-_GUESSING_EPOCHS:]
    if max(last) - min(last) > _SAME_LOSS * max(last):
        return None
    known = run.guessing_loss
    guess = f" (guessing gives {number(known)})" if known is not None else ""
    stays = f"training loss stays at {number(last[-1])}{guess}"
    learned = _learned(run)
    return Finding(
        rule="not-learning",
        severity="problem",
        sentence=f"The network does not learn: {stays}{_accuracy_text(run)}."
        if learned is None
        else f"The network has lost what it had learned: validation accuracy was {percent(learned[1])} in epoch "
        f"{learned[0] + 1} and is {percent(run.val_accuracy.values[-1])} at the end; {stays}.",
        evidence={
            "loss": [round_digits(value) for value in last],
            "guessing_loss": None if known is None else round_digits(known),
            "chance": round_digits(run.chance),
            "learned": None if learned is None else {"epoch": learned[0], "val_accuracy": round_digits(learned[1])},
        },
        suggestion=_revive(run) if learned is None else _slow_down(run),
    )


def _learned(run: TrainingRun) -> tuple[int, float] | None:
    """The epoch with the highest validation accuracy and this, if it was well beyond guessing."""
    best = max(zip(run.val_accuracy.values, run.val_accuracy.epochs, strict=True), default=None)
    return None if best is None or run.skill(best[0]) < _STARTED else (best[1], best[0])


def _slow_down(run: TrainingRun) -> Suggestion | None:
    return suggestions.suggest(
        run, ("Divide the learning rate by 10: a step was too large.", suggestions.scale_learning_rate(run.spec, 0.1))
    )


def _is_guessing(run: TrainingRun) -> bool:
    """By the last epochs' accuracies; without them, by the loss."""
    sizes = run.spec.dataset.split_sizes()
    seen = ((run.accuracy, sizes.training), (run.val_accuracy, sizes.validation))
    last = [(value, samples) for curve, samples in seen for value in curve.values[-_GUESSING_EPOCHS:]]
    if last:
        return all(run.is_guess(value, samples) for value, samples in last)
    known, loss = run.guessing_loss, run.losses[0].values
    return known is not None and all(abs(value - known) <= _SAME_LOSS * known for value in loss[-_GUESSING_EPOCHS:])


def _accuracy_text(run: TrainingRun) -> str:
    accuracy = run.final_val_accuracy
    return "" if accuracy is None else f", and validation accuracy is {percent(accuracy)}"


def _revive(run: TrainingRun) -> Suggestion | None:
    if run.spec.training.optimizer.peak_learning_rate <= _FAR_BELOW * run.default_learning_rate:
        return suggestions.suggest(
            run, ("Multiply the learning rate by 10.", suggestions.scale_learning_rate(run.spec, 10))
        )
    return suggestions.suggest(
        run,
        (
            "Scale the pixels to 0 to 1, so that the first steps do not leave all units dead.",
            suggestions.scale_pixels(run.spec),
        ),
        (
            "Divide the learning rate by 10: steps that are too large leave all units dead.",
            suggestions.scale_learning_rate(run.spec, 0.1),
        ),
    )


def slow_start(run: TrainingRun) -> Finding | None:
    """The network only guesses in the first epochs, and then learns (Goodfellow et al. 2016, 8.2.3, on plateaus; LeCun
    et al. 1998, "Efficient BackProp", 4.3, on scaling inputs)."""
    accuracy, samples = run.val_accuracy, run.spec.dataset.split_sizes().validation
    started = next((index for index, value in enumerate(accuracy.values) if not run.is_guess(value, samples)), None)
    if started is None or started < 2 or run.skill(accuracy.end) < _STARTED:
        return None
    return Finding(
        rule="slow-start",
        severity="info",
        sentence=(
            f"The network only guessed in the first {started} epochs and learned from epoch "
            f"{accuracy.epochs[started] + 1} on; validation accuracy is {percent(run.final_val_accuracy or 0.0)}."
        ),
        evidence={
            "epoch": accuracy.epochs[started],
            "val_accuracy": [round_digits(value) for value in accuracy.values[started - 2 : started + 1]],
            "chance": round_digits(run.chance),
        },
        suggestion=suggestions.suggest(
            run,
            (
                "Scale the pixels to 0 to 1: the network then learns from the first epoch.",
                suggestions.scale_pixels(run.spec),
            ),
        ),
    )


def underfitting(run: TrainingRun) -> Finding | None:
    """The network is poor even on the training data, and no longer improves (Goodfellow et al. 2016, 5.2 and 11.4:
    training error that stays high asks for more capacity).

    The highest accuracy on any split counts: Dropout and augmentation lower accuracy in training, which is not
    underfitting. Nor is it if the network loses more between training and validation than it lacks in training (Ng
    2018, Machine Learning Yearning, chapters 20 to 22: avoidable bias and variance).
    """
    loss, _ = run.losses
    best = run.highest_accuracy
    if best is None or min(len(loss), len(run.accuracy), len(run.val_accuracy)) < _PLATEAU_EPOCHS:
        return None
    before = len(loss) - 1 - max(2, len(loss) // 4)
    has_plateaued = loss.end >= (1 - _PLATEAU_FALL) * loss.smoothed[before]
    trained = max(run.accuracy.end, run.evaluated_accuracy("training") or 0.0)
    variance = trained - run.val_accuracy.end
    if not run.is_poor(best) or not has_plateaued or variance > 1 - best:
        return None
    return Finding(
        rule="underfitting",
        severity="warning",
        sentence=(
            f"The network underfits: it is too simple, or too strongly regularized. Accuracy is no more than "
            f"{percent(best)} even in training, and training loss stays at {number(loss.end)}. Guessing gives "
            f"{percent(run.chance)}."
        ),
        evidence={
            "highest_accuracy": round_digits(best),
            "loss": [round_digits(loss.smoothed[before]), round_digits(loss.end)],
            "chance": round_digits(run.chance),
        },
        suggestion=suggestions.suggest(run, ("Double the filters and units.", suggestions.widen(run.spec))),
    )


def poor_accuracy(run: TrainingRun) -> Finding | None:
    """The network is not much better than guessing on samples that it has not seen (Ng 2018, Machine Learning Yearning,
    chapter 20; Goodfellow et al. 2016, 11.5). Only what no other rule explains is reported."""
    held_out = {split: run.evaluated_accuracy(split) for split in _HELD_OUT} | {"validation": run.final_val_accuracy}
    known = {split: accuracy for split, accuracy in held_out.items() if accuracy is not None}
    if len(run.losses[0]) < MIN_EPOCHS or not known:
        return None
    split = min(known, key=known.__getitem__)
    if not run.is_poor(known[split]):
        return None
    return Finding(
        rule="poor-accuracy",
        severity="warning",
        sentence=(
            f"The network is often wrong, and no other rule shows why: accuracy is {percent(known[split])} on the "
            f"{split} split. Guessing gives {percent(run.chance)}."
        ),
        evidence={"split": split, "accuracy": round_digits(known[split]), "chance": round_digits(run.chance)},
    )
