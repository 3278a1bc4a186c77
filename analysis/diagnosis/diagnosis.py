"""All rules, in the order in which their findings matter."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from analysis.diagnosis.classes import confused_pairs, imbalance
from analysis.diagnosis.duration import not_converged, too_many_epochs
from analysis.diagnosis.finding import Finding
from analysis.diagnosis.learning import not_learning, slow_start, under_fitting
from analysis.diagnosis.learning_rate import diverged, rate_too_high, rate_too_low
from analysis.diagnosis.number_format import percent
from analysis.diagnosis.overfitting import better_epoch, generalization_gap, over_fitting
from analysis.diagnosis.run import Run

Rule = Callable[[Run], Finding | None]

RULES: tuple[Rule, ...] = (
    diverged,
    not_learning,
    rate_too_high,
    rate_too_low,
    over_fitting,
    generalization_gap,
    better_epoch,
    under_fitting,
    not_converged,
    too_many_epochs,
    imbalance,
    confused_pairs,
    slow_start,
)
# A cause, and what only follows from it and would lead to a change that does not help.
_EXPLAINS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "diverged": frozenset(
            {"learning-rate-too-high", "over-fitting", "better-epoch", "not-learning", "not-converged"}
        ),
        "not-learning": frozenset({"learning-rate-too-high", "under-fitting", "too-many-epochs"}),
        "learning-rate-too-high": frozenset({"over-fitting", "under-fitting", "too-many-epochs"}),
        "learning-rate-too-low": frozenset({"not-learning", "under-fitting", "not-converged", "too-many-epochs"}),
        "under-fitting": frozenset({"too-many-epochs"}),
        "over-fitting": frozenset({"generalization-gap"}),
    }
)
# No trend shows in fewer.
_MIN_EPOCHS = 4


def diagnose(run: Run) -> list[Finding]:
    """At least one finding; what another one explains is left out."""
    found = [finding for rule in RULES if (finding := rule(run)) is not None]
    explained = frozenset[str]().union(*(_EXPLAINS.get(finding.rule, frozenset()) for finding in found))
    return [finding for finding in found if finding.rule not in explained] or [_nothing_found(run)]


def _nothing_found(run: Run) -> Finding:
    epochs = len(run.losses[0])
    if epochs < _MIN_EPOCHS:
        return Finding(
            rule="too-early",
            severity="info",
            sentence=f"Nothing can be said of {epochs} {'epoch' if epochs == 1 else 'epochs'} yet.",
            evidence={"epochs": epochs},
        )
    accuracy = run.val_accuracy
    end = f" {percent(accuracy.values[-1])} of the validation samples are right." if len(accuracy) else ""
    return Finding(
        rule="healthy",
        severity="info",
        sentence=f"Nothing is wrong in the {epochs} epochs so far.{end}",
        evidence={"epochs": epochs},
    )
