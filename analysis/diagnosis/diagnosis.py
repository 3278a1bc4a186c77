"""The diagnosis of an experiment: all rules, in the order in which their findings matter."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pydantic import BaseModel

from analysis.diagnosis.classes import class_imbalance, confused_pairs
from analysis.diagnosis.duration import not_converged, too_many_epochs
from analysis.diagnosis.finding import Finding
from analysis.diagnosis.learning import not_learning, slow_start, underfitting
from analysis.diagnosis.learning_rate import diverged, learning_rate_too_high, learning_rate_too_low
from analysis.diagnosis.number_format import percent
from analysis.diagnosis.overfitting import better_epoch, generalization_gap, overfitting
from analysis.diagnosis.training_run import TrainingRun

Rule = Callable[[TrainingRun], Finding | None]

RULES: tuple[Rule, ...] = (
    diverged,
    not_learning,
    learning_rate_too_high,
    learning_rate_too_low,
    overfitting,
    generalization_gap,
    better_epoch,
    underfitting,
    not_converged,
    too_many_epochs,
    class_imbalance,
    confused_pairs,
    slow_start,
)
# From a cause to findings that only follow from it, and that would suggest a change that does not help.
_EXPLAINS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "diverged": frozenset(
            {"learning-rate-too-high", "overfitting", "better-epoch", "not-learning", "not-converged"}
        ),
        "not-learning": frozenset({"learning-rate-too-high", "underfitting", "too-many-epochs"}),
        "learning-rate-too-high": frozenset({"overfitting", "underfitting", "too-many-epochs"}),
        "learning-rate-too-low": frozenset({"not-learning", "underfitting", "not-converged", "too-many-epochs"}),
        "underfitting": frozenset({"too-many-epochs"}),
        "overfitting": frozenset({"generalization-gap"}),
    }
)
# Fewer show no trend.
_MIN_EPOCHS = 4


class Diagnosis(BaseModel):
    """All findings, the most important first. There is at least one, if only that no problem was found."""

    items: list[Finding]
    next_cursor: None = None


def diagnose(run: TrainingRun) -> Diagnosis:
    """Findings that another one explains are left out."""
    found = [finding for rule in RULES if (finding := rule(run)) is not None]
    explained = frozenset[str]().union(*(_EXPLAINS.get(finding.rule, frozenset()) for finding in found))
    return Diagnosis(items=[each for each in found if each.rule not in explained] or [_nothing_found(run)])


def _nothing_found(run: TrainingRun) -> Finding:
    epochs = len(run.losses[0])
    if epochs < _MIN_EPOCHS:
        return Finding(
            rule="too-early",
            severity="info",
            sentence=f"It is too early to judge: {'1 epoch has' if epochs == 1 else f'{epochs} epochs have'} ended.",
            evidence={"epochs": epochs},
        )
    accuracy = run.val_accuracy
    end = f" Validation accuracy is {percent(accuracy.values[-1])}." if len(accuracy) else ""
    return Finding(
        rule="healthy",
        severity="info",
        sentence=f"The {epochs} epochs so far show no problem.{end}",
        evidence={"epochs": epochs},
    )
