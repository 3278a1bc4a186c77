"""The diagnosis of an experiment: all rules, in the order in which their findings matter."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pydantic import BaseModel

from analysis.diagnosis.classes import class_imbalance, confused_pairs, weak_classes
from analysis.diagnosis.duration import not_converged, too_many_epochs
from analysis.diagnosis.finding import Finding
from analysis.diagnosis.inference import inference_gap
from analysis.diagnosis.learning import MIN_EPOCHS, not_learning, poor_accuracy, slow_start, underfitting
from analysis.diagnosis.learning_rate import diverged, learning_rate_too_high, learning_rate_too_low
from analysis.diagnosis.next_steps import next_step
from analysis.diagnosis.number_format import percent, round_digits
from analysis.diagnosis.overfitting import better_epoch, generalization_gap, overfitting
from analysis.diagnosis.training_run import TrainingRun
from specs.problem import quantity

Rule = Callable[[TrainingRun], Finding | None]

# In this order findings are reported. One that excludes another stands before it.
RULES: tuple[Rule, ...] = (
    diverged,
    inference_gap,
    learning_rate_too_low,
    not_learning,
    learning_rate_too_high,
    overfitting,
    better_epoch,
    not_converged,
    underfitting,
    generalization_gap,
    too_many_epochs,
    class_imbalance,
    weak_classes,
    confused_pairs,
    slow_start,
    poor_accuracy,
)
# Above this probability of guessing as well, a good accuracy shows nothing.
_MAX_LUCK = 0.01
_FACTS = frozenset({"class-imbalance", "diverged"})
_EVERY = frozenset(rule.__name__.replace("_", "-") for rule in RULES)
# From a finding to those that it excludes: they only follow from it, or they contradict it, in what they say or in what
# they suggest.
EXCLUDES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        # There is no network.
        "diverged": _EVERY - _FACTS,
        # Everything that was measured in inference is wrong.
        "inference-gap": _EVERY - _FACTS - {"inference-gap"},
        # It has hardly begun to learn.
        "learning-rate-too-low": frozenset(
            {
                *("not-learning", "learning-rate-too-high", "overfitting", "not-converged", "underfitting"),
                *("generalization-gap", "too-many-epochs", "weak-classes", "poor-accuracy"),
            }
        ),
        # It has learned nothing.
        "not-learning": _EVERY - _FACTS - {"inference-gap", "learning-rate-too-low", "not-learning"},
        # Whatever else is wrong may be right at another rate.
        "learning-rate-too-high": frozenset(
            {"overfitting", "not-converged", "underfitting", "too-many-epochs", "weak-classes", "poor-accuracy"}
        ),
        "overfitting": frozenset({"not-converged", "underfitting", "generalization-gap", "poor-accuracy"}),
        # It got worse again.
        "better-epoch": frozenset({"not-converged", "poor-accuracy"}),
        "not-converged": frozenset({"underfitting", "too-many-epochs", "poor-accuracy"}),
        # More capacity first; and what is too simple for the training split gains nothing by regularization.
        "underfitting": frozenset({"generalization-gap", "too-many-epochs", "poor-accuracy"}),
        "generalization-gap": frozenset({"poor-accuracy"}),
    }
)


class Diagnosis(BaseModel):
    """All findings, the most important first. There is at least one, if only that no problem was found."""

    items: list[Finding]
    next_cursor: None = None


def diagnose(run: TrainingRun) -> Diagnosis:
    """Findings that another one excludes are left out."""
    found: list[Finding] = []
    excluded: set[str] = set()
    for rule in RULES:
        finding = rule(run)
        if finding is not None and finding.rule not in excluded:
            found.append(finding)
            excluded |= EXCLUDES.get(finding.rule, frozenset())
    step = None
    if not any(finding.suggestion and finding.severity != "info" for finding in found):
        step = next_step(run, is_advised=any(finding.suggestion for finding in found))
    return Diagnosis(items=[*(found or [_nothing_found(run)]), *filter(None, [step])])


def _nothing_found(run: TrainingRun) -> Finding:
    """A network that is much better than guessing; else `poor_accuracy` would have been found."""
    epochs, accuracy = len(run.losses[0]), run.final_val_accuracy
    if epochs < MIN_EPOCHS or accuracy is None:
        seen = f"{'1 epoch has' if epochs == 1 else f'{epochs} epochs have'} ended"
        return Finding(
            rule="too-early",
            severity="info",
            sentence=f"It is too early to judge: {seen}{'' if epochs < MIN_EPOCHS else ', without an accuracy'}.",
            evidence={"epochs": epochs},
        )
    samples = run.spec.dataset.split_sizes().validation
    luck = run.luck(accuracy, samples)
    if luck > _MAX_LUCK:
        right = round(accuracy * samples)
        return Finding(
            rule="too-few-samples",
            severity="info",
            sentence=(
                f"The validation split is too small to judge: {right} of {quantity(samples, 'sample', 'samples')} "
                f"{'is' if right == 1 else 'are'} recognized, as by guessing with a probability of {percent(luck)}. "
                "Add images, or enlarge its share."
            ),
            evidence={"right": right, "samples": samples, "probability": round_digits(luck)},
        )
    return Finding(
        rule="healthy",
        severity="info",
        sentence=f"The {epochs} epochs so far show no problem. Validation accuracy is {percent(accuracy)}.",
        evidence={"epochs": epochs, "val_accuracy": round_digits(accuracy)},
    )
