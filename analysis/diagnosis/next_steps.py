"""What to try next where nothing is wrong: most runs are healthy, and most can be improved."""

import math
from collections.abc import Callable

from analysis.diagnosis import suggestions
from analysis.diagnosis.finding import Finding
from analysis.diagnosis.learning import MIN_EPOCHS
from analysis.diagnosis.number_format import percent, round_digits
from analysis.diagnosis.training_run import TrainingRun
from models_store.evaluations.evaluation import Evaluation
from specs.experiment import parse_spec
from specs.presets import PRESETS
from specs.presets.preset import Measured
from specs.splits import SplitName

# In standard errors of the run's accuracy; and a tenth fewer errors are worth another training.
_SIGNIFICANT, _FEWER_ERRORS = 2.0, 0.1
# Fewer errors do not show where they come from.
_MIN_ERRORS = 10
# The larger part of them.
_MOST = 0.5


def next_step(run: TrainingRun, *, is_advised: bool) -> Finding | None:
    """The first that applies, once the network is evaluated. One that `is_advised` already is only shown what others
    have reached."""
    _, evaluation = run.held_out
    if evaluation is None or not run.has_ended or len(run.losses[0]) < MIN_EPOCHS:
        return None
    preset = better_preset(run)
    if preset is not None or is_advised or run.is_poor(evaluation.accuracy) or _is_best_known(run, evaluation):
        return preset
    return more_variety(run) or more_capacity(run)


def better_preset(run: TrainingRun) -> Finding | None:
    """A preset for the same dataset reached clearly more than this run, as docs/accuracy.md has measured it."""
    split, evaluation = run.held_out
    best = max(_measured(run).items(), key=lambda item: item[1].test_accuracy, default=None)
    if evaluation is None or best is None or not _is_clearly_better(best[1].test_accuracy, evaluation):
        return None
    name, measured = best
    runs = "1 run" if measured.seeds == 1 else f"{measured.seeds} runs, on average"
    suggestion = suggestions.suggest(
        run,
        (
            f"Train {name}: its network with its preprocessing, augmentation and training, on the same split.",
            suggestions.use_preset(run.spec, name),
        ),
    )
    if suggestion is None:
        return None
    return Finding(
        rule="better-preset",
        severity="info",
        sentence=(
            f"More is possible on {run.spec.dataset.name}: accuracy is {percent(evaluation.accuracy)} on the {split} "
            f"split, and the preset {name} reached {percent(measured.test_accuracy)} on the test split ({runs})."
        ),
        evidence={
            "dataset": run.spec.dataset.name,
            "split": split,
            "accuracy": round_digits(evaluation.accuracy),
            "preset": name,
            "measured": measured.test_accuracy,
            "seeds": measured.seeds,
        },
        suggestion=suggestion,
    )


def _measured(run: TrainingRun) -> dict[str, Measured]:
    """The presets for the dataset of the run; none if it uses a part of it, or other blobs, which is another task."""
    dataset = run.spec.dataset
    if dataset.classes is not None or dataset.limit_per_class is not None:
        return {}
    return {
        name: preset.measured
        for name, preset in PRESETS.items()
        if preset.measured is not None
        and preset.spec["dataset"]["name"] == dataset.name
        and parse_spec(preset.spec).dataset.blobs == dataset.blobs
    }


def _is_best_known(run: TrainingRun, evaluation: Evaluation) -> bool:
    known = [measured.test_accuracy for measured in _measured(run).values()]
    return bool(known) and not _is_clearly_better(max(known), evaluation)


def _is_clearly_better(accuracy: float, evaluation: Evaluation) -> bool:
    gained, errors = accuracy - evaluation.accuracy, 1 - evaluation.accuracy
    return gained > max(_SIGNIFICANT * _standard_error(evaluation), _FEWER_ERRORS * errors)


def _standard_error(evaluation: Evaluation) -> float:
    return math.sqrt(evaluation.accuracy * (1 - evaluation.accuracy) / max(1, evaluation.samples))


def more_variety(run: TrainingRun) -> Finding | None:
    """Most errors are on unseen samples alone: variance, which more and more varied training data reduce (Ng 2018,
    Machine Learning Yearning, chapters 20 to 27)."""
    compared = _compare(run)
    if compared is None:
        return None
    split, evaluation, trained = compared
    gap = trained.accuracy - evaluation.accuracy
    if gap < max(_MOST * (1 - evaluation.accuracy), _SIGNIFICANT * _standard_error(evaluation)):
        return None
    whole = run.spec.dataset.limit_per_class is not None
    return _finding(
        "more-variety",
        run,
        f"Most errors are on samples that it has not seen: accuracy is {percent(trained.accuracy)} on the training "
        f"split and {percent(evaluation.accuracy)} on the {split} split.",
        ("Train on all samples of the dataset.", {"dataset": {"limit_per_class": None}} if whole else None),
        ("Augment the training images.", suggestions.augment(run.spec)),
        ("Add Dropout before the last Dense layer.", suggestions.add_dropout(run.spec)),
    )


def more_capacity(run: TrainingRun) -> Finding | None:
    """Most errors are made on the training split as well: avoidable bias, which a larger network reduces (Ng 2018,
    chapters 20 to 26)."""
    compared = _compare(run)
    if compared is None:
        return None
    split, evaluation, trained = compared
    errors = 1 - trained.accuracy
    if errors * trained.samples < _MIN_ERRORS or errors < _MOST * (1 - evaluation.accuracy):
        return None
    return _finding(
        "more-capacity",
        run,
        f"It is wrong about samples that it was trained on, too: accuracy is {percent(trained.accuracy)} on the "
        f"training split and {percent(evaluation.accuracy)} on the {split} split. A larger network could learn more of "
        "them.",
        ("Double the filters and units.", suggestions.widen(run.spec)),
    )


def _compare(run: TrainingRun) -> tuple[SplitName, Evaluation, Evaluation] | None:
    """Held out, and in training; None if they have too few errors."""
    split, evaluation = run.held_out
    trained = run.evaluations.get("training")
    if evaluation is None or trained is None or (1 - evaluation.accuracy) * evaluation.samples < _MIN_ERRORS:
        return None
    return split, evaluation, trained


def _finding(
    rule: str, run: TrainingRun, sentence: str, *options: tuple[str, suggestions.Change | None]
) -> Finding | None:
    """None if none of `options` applies: there is nothing to be done about it."""
    suggestion = suggestions.suggest(run, *options)
    split, evaluation = run.held_out
    trained = run.evaluated_accuracy("training")
    if suggestion is None or evaluation is None or trained is None:
        return None
    return Finding(
        rule=rule,
        severity="info",
        sentence=sentence,
        evidence={
            "training_accuracy": round_digits(trained),
            "split": split,
            "accuracy": round_digits(evaluation.accuracy),
        },
        suggestion=suggestion,
    )


NEXT_STEPS: tuple[Callable[[TrainingRun], Finding | None], ...] = (better_preset, more_variety, more_capacity)
