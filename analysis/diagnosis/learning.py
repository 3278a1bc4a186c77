"""Does the network learn at all, and enough?"""

from analysis.diagnosis import suggestions
from analysis.diagnosis.finding import Finding, Suggestion
from analysis.diagnosis.number_format import number, percent, rounded
from analysis.diagnosis.run import Run

# One or two epochs of guessing are a slow start, as L2 and raw pixels make it.
_MIN_EPOCHS = 3
# What guesses keeps its loss: ln(classes), or whatever its weights make of it, to within two percent.
_SAME_LOSS = 0.02
# Rates by a factor of 100 below the optimizer's own default do nothing within a few epochs.
_FAR_BELOW = 0.01
# Whoever starts slowly has come well beyond guessing afterwards.
_STARTED = 0.2
# A loss that falls by less than five percent over the last quarter, of five epochs at least, is not going anywhere.
_PLATEAU_EPOCHS, _PLATEAU_FALL = 5, 0.05


def not_learning(run: Run) -> Finding | None:
    """Accuracy stays at guessing and loss where it is, at ln(classes) for a network that answers the same to
    everything (Goodfellow et al. 2016, 6.3.1: units whose gradient is zero; 11.5 on telling such failures)."""
    loss, _ = run.losses
    if len(loss) < _MIN_EPOCHS or not _is_guessing(run):
        return None
    last = loss.values[-_MIN_EPOCHS:]
    if max(last) - min(last) > _SAME_LOSS * max(last):
        return None
    known = run.guessing_loss
    guess = f"; guessing gives {number(known)}" if known is not None else ""
    return Finding(
        rule="not-learning",
        severity="problem",
        sentence=f"The network guesses: training loss stays at {number(last[-1])}{guess}{_accuracy_of(run)}.",
        evidence={
            "loss": [rounded(value) for value in last],
            "guessing_loss": None if known is None else rounded(known),
            "chance": rounded(run.chance),
        },
        suggestion=_awakening(run),
    )


def _is_guessing(run: Run) -> bool:
    """By the last epochs' accuracies; without them, by the loss."""
    sizes = run.spec.dataset.split_sizes()
    seen = ((run.accuracy, sizes.training), (run.val_accuracy, sizes.validation))
    last = [(value, samples) for curve, samples in seen for value in curve.values[-_MIN_EPOCHS:]]
    if last:
        return all(run.is_guess(value, samples) for value, samples in last)
    known, loss = run.guessing_loss, run.losses[0].values
    return known is not None and all(abs(value - known) <= _SAME_LOSS * known for value in loss[-_MIN_EPOCHS:])


def _accuracy_of(run: Run) -> str:
    if not len(run.val_accuracy):
        return ""
    return f", and {percent(run.val_accuracy.values[-1])} of the validation samples are right"


def _awakening(run: Run) -> Suggestion | None:
    if run.spec.training.optimizer.peak_learning_rate <= _FAR_BELOW * run.usual_rate:
        return suggestions.suggestion(
            run, ("Take ten times the learning rate.", suggestions.scaling_rate(run.spec, 10))
        )
    return suggestions.suggestion(
        run,
        (
            "Scale the pixels to 0 to 1, so that the first steps do not switch the network off.",
            suggestions.scaling_pixels(run.spec),
        ),
        (
            "Take a tenth of the learning rate: steps that are too large switch the network off.",
            suggestions.scaling_rate(run.spec, 0.1),
        ),
    )


def slow_start(run: Run) -> Finding | None:
    """The first epochs only guess, and then the network learns (Goodfellow et al. 2016, 8.2.3, on plateaus; LeCun et
    al. 1998, "Efficient BackProp", 4.3, on scaling inputs)."""
    accuracy, samples = run.val_accuracy, run.spec.dataset.split_sizes().validation
    started = next((place for place, value in enumerate(accuracy.values) if not run.is_guess(value, samples)), None)
    if started is None or started < 2 or run.skill(accuracy.end) < _STARTED:
        return None
    return Finding(
        rule="slow-start",
        severity="info",
        sentence=(
            f"In the first {started} epochs the network only guessed; from epoch {accuracy.epochs[started] + 1} on it "
            f"learned, and ends at {percent(accuracy.values[-1])} right in validation."
        ),
        evidence={
            "epoch": accuracy.epochs[started],
            "val_accuracy": [rounded(value) for value in accuracy.values[started - 2 : started + 1]],
            "chance": rounded(run.chance),
        },
        suggestion=suggestions.suggestion(
            run, ("Scale the pixels to 0 to 1: the network starts at once then.", suggestions.scaling_pixels(run.spec))
        ),
    )


def under_fitting(run: Run) -> Finding | None:
    """The network is poor on the very images it practises on, and no longer gets better (Goodfellow et al. 2016, 5.2
    and 11.4: training error that stays high asks for more capacity).

    The better of training and validation accuracy counts: with Dropout and augmentation it is harder to be right in
    training, which is no under-fitting.
    """
    loss, _ = run.losses
    if min(len(loss), len(run.accuracy), len(run.val_accuracy)) < _PLATEAU_EPOCHS:
        return None
    best = max(run.accuracy.end, run.val_accuracy.end)
    before = len(loss) - 1 - max(2, len(loss) // 4)
    levelled = loss.end >= (1 - _PLATEAU_FALL) * loss.smoothed[before]
    if not run.is_poor(best) or not levelled:
        return None
    return Finding(
        rule="under-fitting",
        severity="warning",
        sentence=(
            f"The network is too simple, or held back too much: no more than {percent(best)} right even in training, "
            f"and training loss stays at {number(loss.end)}. Guessing gives {percent(run.chance)}."
        ),
        evidence={
            "accuracy": rounded(run.accuracy.end),
            "val_accuracy": rounded(run.val_accuracy.end),
            "loss": [rounded(loss.smoothed[before]), rounded(loss.end)],
            "chance": rounded(run.chance),
        },
        suggestion=suggestions.suggestion(
            run, ("Give it twice the filters and units.", suggestions.widening(run.spec))
        ),
    )
