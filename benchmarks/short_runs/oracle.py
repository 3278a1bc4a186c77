"""What a finding claims, computed again from the raw numbers of a run by other means than the diagnosis: no smoothing
of its kind, least squares and counts instead of windows and shares, and thresholds of its own, a little wider."""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.diagnosis.training_run import TrainingRun
from specs.splits import SplitName

Values = NDArray[np.float64]


class Facts(NamedTuple):
    """Curves are without epochs in which they are not finite; accuracies are those of the published network."""

    loss: Values
    val_loss: Values
    accuracy: Values
    val_accuracy: Values
    chance: float
    trained: float | None
    held_out: dict[SplitName, float]
    test_samples: int
    in_training: float | None
    is_last: bool
    run: TrainingRun

    @classmethod
    def of(cls, run: TrainingRun) -> "Facts":
        curves = {
            name: np.array([value for each in run.points if (value := each.metrics.get(name)) is not None])
            for name in ("loss", "val_loss", "accuracy", "val_accuracy")
        }
        counts = np.array(run.spec.dataset.facts.training_counts)
        evaluated = {split: each.accuracy for split, each in run.evaluations.items()}
        published = [each.metrics.get("accuracy") for each in run.points if each.epoch == run.published_epoch]
        return cls(
            **curves,
            chance=float(counts.max() / counts.sum()),
            trained=evaluated.pop("training", None),
            held_out=evaluated,
            test_samples=run.evaluations["test"].samples if "test" in run.evaluations else 0,
            in_training=published[0] if published else None,
            is_last=bool(run.points) and run.published_epoch == run.points[-1].epoch,
            run=run,
        )

    def skill(self, accuracy: float) -> float:
        return float((accuracy - self.chance) / (1 - self.chance))

    @property
    def best(self) -> float:
        seen = [*self.accuracy, *self.val_accuracy, *self.held_out.values(), self.trained or 0.0]
        return float(max(seen))

    @property
    def gap(self) -> float:
        return (self.trained or 0.0) - self.held_out.get("test", 1.0)

    @property
    def gap_errors(self) -> float:
        """The gap in standard errors of the test accuracy."""
        test = self.held_out.get("test", 1.0)
        return self.gap / max(math.sqrt(test * (1 - test) / max(1, self.test_samples)), 1e-9)


def _fall(values: Values, share: float = 1 / 3) -> float:
    """By a line of least squares through the last `share` of the values, at least three: how much it falls there, as a
    share of its level."""
    last = values[-max(3, round(share * len(values))) :]
    slope, level = np.polyfit(np.arange(len(last)) - (len(last) - 1) / 2, last, 1)
    return float(-slope * (len(last) - 1) / max(abs(level), 1e-12))


def _third(values: Values) -> float:
    return float(np.mean(values[-max(1, len(values) // 3) :]))


def _is_lost(facts: Facts) -> bool:
    return facts.run.failure == "diverged" or len(facts.loss) < len(facts.run.points)


def _learns_nothing(facts: Facts) -> bool:
    last = facts.loss[-3:]
    known = [each for each in (facts.trained, *facts.held_out.values()) if each is not None]
    return float(np.ptp(last)) <= 0.05 * float(last.max()) and facts.skill(float(np.mean(known))) < 0.15


def _rate_too_high(facts: Facts) -> bool:
    steps = np.diff(facts.val_loss)
    turns = np.mean(steps[1:] * steps[:-1] < 0) if len(steps) > 1 else 0.0
    rises = np.mean(facts.loss[-2:]) > 1.25 * facts.loss.min()
    jumps = turns >= 0.4 and np.std(steps) > 0.1 * np.mean(np.abs(facts.val_loss))
    rate = facts.run.spec.training.optimizer.peak_learning_rate
    is_stuck = facts.skill(facts.best) < 0.75 and rate >= 3 * facts.run.default_learning_rate
    return bool(rises or jumps or is_stuck)


def _rate_too_low(facts: Facts) -> bool:
    is_slow = facts.loss[-1] > 0.6 * facts.loss[0] and float(np.mean(np.diff(facts.loss) <= 0)) >= 0.7
    is_tiny = abs(facts.loss[-1] - facts.loss[0]) < 0.01 * facts.loss[0]
    return bool((is_slow or is_tiny) and facts.skill(facts.best) < 0.75)


def _is_worse_in_inference(facts: Facts) -> bool:
    return (facts.in_training or 0.0) - (1.0 if facts.trained is None else facts.trained) >= 0.095


def _overfits(facts: Facts) -> bool:
    lowest = int(facts.val_loss.argmin())
    return bool(_third(facts.val_loss) > facts.val_loss.min() and facts.loss[-3:].mean() < facts.loss[lowest])


def _generalizes_poorly(facts: Facts) -> bool:
    return facts.gap >= 0.045 and facts.gap_errors >= 1.6


def _was_better(facts: Facts) -> bool:
    return bool(facts.is_last and facts.val_loss.min() <= 0.9 * facts.val_loss[-1])


def _underfits(facts: Facts) -> bool:
    has_learned = facts.skill(facts.best) > 0.05 or facts.loss[-1] < 0.95 * facts.loss[0]
    return bool(facts.skill(facts.best) < 0.72 and _fall(facts.loss) < 0.12 and has_learned)


def _still_improves(facts: Facts) -> bool:
    return bool(_fall(facts.val_loss) > 0.03 and facts.val_loss.argmin() >= 0.6 * len(facts.val_loss))


def _took_too_long(facts: Facts) -> bool:
    half = len(facts.val_loss) // 2
    return bool(facts.val_loss[half:].mean() > 0.95 * facts.val_loss[: half + 1].min())


def _confuses(facts: Facts) -> bool:
    split, evaluation = facts.run.held_out
    matrix = np.array(evaluation.confusion_matrix.matrix if evaluation else [[1]])
    pairs = np.triu(matrix + matrix.T, 1)
    return bool(pairs.max() >= 3 and pairs.max() >= 0.1 * pairs.sum() and split)


def _started_late(facts: Facts) -> bool:
    return bool((facts.val_accuracy[:2] < facts.chance + 0.2).all()) and facts.skill(facts.val_accuracy[-1]) > 0.15


def _is_poor(facts: Facts) -> bool:
    known = list(facts.held_out.values()) or [float(facts.val_accuracy[-1])]
    return facts.skill(min(known)) < 0.7


def _is_healthy(facts: Facts) -> bool:
    others = (_is_poor, _is_lost, _is_worse_in_inference, _learns_nothing)
    return not any(rule(facts) for rule in others) and (facts.gap < 0.05 or facts.gap_errors < 2.5)


CLAIMS: Mapping[str, Callable[[Facts], bool]] = {
    "diverged": _is_lost,
    "inference-gap": _is_worse_in_inference,
    "learning-rate-too-low": _rate_too_low,
    "not-learning": _learns_nothing,
    "learning-rate-too-high": _rate_too_high,
    "overfitting": _overfits,
    "better-epoch": _was_better,
    "not-converged": _still_improves,
    "underfitting": _underfits,
    "generalization-gap": _generalizes_poorly,
    "too-many-epochs": _took_too_long,
    "confused-pairs": _confuses,
    "slow-start": _started_late,
    "poor-accuracy": _is_poor,
    "healthy": _is_healthy,
    "too-early": lambda facts: len(facts.loss) < 4,
}
# So clear that a diagnosis must report it, or something that excludes it.
CLEAR: Mapping[str, Callable[[Facts], bool]] = {
    "diverged": _is_lost,
    "inference-gap": lambda facts: (
        len(facts.loss) > 0 and (facts.in_training or 0.0) - (1.0 if facts.trained is None else facts.trained) >= 0.15
    ),
    "generalization-gap": lambda facts: facts.trained is not None and facts.gap >= 0.1 and facts.gap_errors >= 3,
    "better-epoch": lambda facts: (
        len(facts.loss) >= 5 and facts.is_last and bool(facts.val_loss[-3:].min() >= 0.2 + 1.5 * facts.val_loss.min())
    ),
    "poor-accuracy": lambda facts: (
        len(facts.loss) >= 4 and bool(facts.held_out) and facts.skill(min(facts.held_out.values())) < 0.65
    ),
}
# For each planted fault, findings that name it.
NAMED: Mapping[str, frozenset[str]] = {
    "rate far too low": frozenset({"not-learning", "learning-rate-too-low"}),
    "rate too low": frozenset({"learning-rate-too-low", "not-converged"}),
    "rate too high": frozenset({"learning-rate-too-high", "not-learning", "diverged"}),
    "rate explodes": frozenset({"learning-rate-too-high", "not-learning", "diverged"}),
    "raw pixels": frozenset({"not-learning", "learning-rate-too-high", "diverged"}),
    "too narrow": frozenset({"underfitting", "not-learning", "generalization-gap", "overfitting"}),
    "too much dropout": frozenset({"underfitting", "not-converged"}),
    "too short": frozenset({"not-converged", "learning-rate-too-low", "too-early"}),
    "cold statistics": frozenset({"inference-gap"}),
    "hard classes": frozenset({"underfitting", "not-learning", "not-converged", "poor-accuracy", "generalization-gap"}),
}
