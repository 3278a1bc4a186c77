"""The findings of a diagnosis agree with each other, whatever the history and the evaluations."""

import json
import math
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.diagnosis.diagnosis import EXCLUDES, RULES, diagnose
from analysis.diagnosis.finding import Finding
from analysis.diagnosis.next_steps import NEXT_STEPS
from analysis.diagnosis.training_run import TrainingRun
from models_store.experiments.points import Point
from specs.merge_patch import merge_patch
from tests.analysis.diagnosis.scenarios import SCENARIOS, SPECS, ended, spec_of
from tests.analysis.diagnosis.training_runs import DIGITS, points, run
from tests.support.evaluations import evaluations_of
from tests.support.examples import examples

NAMES = [rule.__name__.replace("_", "-") for rule in RULES]
STEPS = {rule.__name__.replace("_", "-") for rule in NEXT_STEPS}

# Statements that a reader would call a contradiction. No two findings that are reported together may make both.
UNJUDGED = {"too-early", "too-few-samples"}
STATES: dict[str, set[str]] = {
    "diverged": {"there is no network"},
    "inference-gap": {"inference cannot be trusted"},
    "not-learning": {"learns nothing"},
    "learning-rate-too-high": {"rate too high", "not its capacity"},
    "learning-rate-too-low": {"rate too low", "training loss falls", "not its capacity"},
    "overfitting": {"has learned", "validation got worse", "too good in training", "training loss falls"},
    "generalization-gap": {"has learned", "too good in training", "inference"},
    "better-epoch": {"validation got worse"},
    "underfitting": {"has learned", "too poor in training", "training loss stays"},
    "not-converged": {"has learned", "validation still improves", "too few epochs", "training loss falls"},
    "too-many-epochs": {"has learned", "validation no longer improves", "too many epochs"},
    "class-imbalance": set(),  # a fact about the data
    "confused-pairs": {"has learned", "inference"},
    "weak-classes": {"has learned", "inference"},
    "slow-start": {"has learned"},
    "poor-accuracy": {"nothing else explains it"},
    "better-preset": set(),  # a fact about others
    "more-variety": {"has learned", "inference", "too good in training"},
    "more-capacity": {"has learned", "inference", "too poor in training"},
    "healthy": {"no problem"},
}
CAUSES = {
    *("diverged", "inference-gap", "not-learning", "learning-rate-too-high", "learning-rate-too-low", "overfitting"),
    *("generalization-gap", "better-epoch", "underfitting", "not-converged"),
}
CONTRADICTIONS = [
    ("there is no network", "has learned"),
    ("there is no network", "inference"),
    ("inference cannot be trusted", "inference"),
    ("inference cannot be trusted", "validation got worse"),
    ("inference cannot be trusted", "validation still improves"),
    ("learns nothing", "has learned"),
    ("rate too high", "rate too low"),
    ("rate too high", "validation still improves"),
    ("rate too high", "too many epochs"),
    ("not its capacity", "too poor in training"),
    ("not its capacity", "learns nothing"),
    ("too good in training", "too poor in training"),
    ("training loss falls", "training loss stays"),
    ("validation got worse", "validation still improves"),
    ("validation no longer improves", "validation still improves"),
    ("too few epochs", "too many epochs"),
]


def contradictions(findings: list[Finding]) -> list[tuple[str, str]]:
    said = {each.rule: STATES[each.rule] if each.rule not in UNJUDGED else set() for each in findings}
    found = [
        (one, other)
        for one, other in combinations(said, 2)
        for pair in CONTRADICTIONS
        if (pair[0] in said[one] and pair[1] in said[other]) or (pair[1] in said[one] and pair[0] in said[other])
    ]
    if "poor-accuracy" in said:
        found += [("poor-accuracy", rule) for rule in said if rule in CAUSES]
    if said.keys() & {"healthy", *UNJUDGED}:
        found += [("healthy", rule) for rule in said.keys() - STEPS if said.keys() - STEPS != {rule}]
    return found


def opposed(spec: dict[str, Any], findings: list[Finding]) -> list[str]:
    """Numbers of the spec that one suggestion raises and another lowers, and layers that two change differently."""
    patched = [
        merge_patch(spec, json.loads(json.dumps(each.suggestion.patch)))
        for each in findings
        if each.suggestion and each.rule != "better-preset"  # instead of everything
    ]
    numbers = [
        {path: value - before[path] for path, value in leaves(document).items() if path in before}
        for before in [leaves(spec)]
        for document in patched
    ]
    opposite = [
        path
        for one, other in combinations(numbers, 2)
        for path in one.keys() & other.keys()
        if one[path] * other[path] < 0
    ]
    layers = [document["model"]["layers"] for document in patched]
    changed = [each for each in layers if each != spec["model"]["layers"]]
    return [*opposite, *("layers" for one, other in combinations(changed, 2) if one != other)]


def leaves(value: Any, path: str = "") -> dict[str, float]:
    if isinstance(value, dict):
        return {key: leaf for name, each in value.items() for key, leaf in leaves(each, f"{path}/{name}").items()}
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {path: float(value)} if is_number else {}


def disagreeing_numbers(findings: list[Finding]) -> list[str]:
    """What two findings state differently, and accuracies above one that is stated as the highest."""
    seen: dict[str, Any] = {}
    wrong = []
    for finding in findings:
        for name, value in finding.evidence.items():
            if isinstance(value, float) and seen.setdefault(name, value) != value and name != "accuracy":
                wrong.append(name)
    highest = [each.evidence["highest_accuracy"] for each in findings if each.rule == "underfitting"]
    stated = [
        each.evidence[name]
        for each in findings
        for name in ("training_accuracy", "test_accuracy", "val_accuracy", "accuracy")
        if isinstance(each.evidence.get(name), float)
    ]
    return wrong + [f"{value} > {most}" for most in highest for value in stated if value > most]


SHARES = st.floats(0, 1)
LOSSES = st.floats(0.001, 5)


@st.composite
def curves(draw: st.DrawFn, values: st.SearchStrategy[float], epochs: int) -> list[float]:
    """Through a few points, in straight lines, with or without noise."""
    corners = draw(st.lists(values, min_size=2, max_size=4))
    noise = draw(st.sampled_from([0.0, 0.0, 0.02, 0.2]))
    signs = draw(st.lists(st.sampled_from([-1, 0, 1]), min_size=epochs, max_size=epochs))
    found = []
    for epoch in range(epochs):
        place = epoch / max(1, epochs - 1) * (len(corners) - 1)
        left = min(int(place), len(corners) - 2)
        level = corners[left] + (place - left) * (corners[left + 1] - corners[left])
        found.append(max(0.0, level * (1 + noise * signs[epoch])))
    return found


@st.composite
def histories(draw: st.DrawFn) -> list[Point]:
    epochs = draw(st.integers(0, 24))
    columns = {name: draw(curves(LOSSES, epochs)) for name in ("loss", "val_loss")}
    for name in ("accuracy", "val_accuracy"):
        columns[name] = [min(1.0, value) for value in draw(curves(SHARES, epochs))]
    if draw(st.booleans()):  # as most histories are: accuracy is high where loss is low
        columns["accuracy"] = [math.exp(-value) for value in columns["loss"]]
        columns["val_accuracy"] = [math.exp(-value) for value in columns["val_loss"]]
    return points(columns.pop("loss"), **columns)


@st.composite
def runs(draw: st.DrawFn) -> TrainingRun:
    history = draw(histories())
    has_ended = draw(st.booleans())
    splits = ("training", "validation", "test")
    accuracies = dict(zip(splits, draw(st.tuples(SHARES, SHARES, SHARES)), strict=True))
    spec = spec_of(draw(st.sampled_from(list(SPECS))), keep=draw(st.sampled_from(["best", "last"])))
    stop_reason = draw(st.sampled_from(["completed", "early_stopping", "time_budget"])) if has_ended else None
    case = ended(spec, history, has_ended=has_ended, stop_reason=stop_reason)
    if draw(st.booleans()) and has_ended and history:  # as all records have it since version 0.2
        case = replace(case, recorded_epoch=replace(case, stop_reason="completed").published_epoch)
    if draw(st.booleans()) and history:  # as they were measured at the end of the published epoch
        published = history[case.published_epoch].metrics
        accuracies |= {"training": published["accuracy"] or 0.0, "validation": published["val_accuracy"] or 0.0}
    return replace(
        case,
        failure=draw(st.sampled_from([None, None, None, "diverged"])) if has_ended else None,
        evaluations=evaluations_of(**accuracies) if has_ended and draw(st.booleans()) else {},
    )


def test_every_rule_has_its_statements() -> None:
    assert STATES.keys() == {*NAMES, *STEPS, "healthy"}


@given(runs())
@settings(max_examples=examples(300), deadline=None, derandomize=True)
def test_findings_do_not_contradict_each_other(case: TrainingRun) -> None:
    assert_consistent(case, diagnose(case).items)


@pytest.mark.parametrize("keep", ["best", "last"])
@pytest.mark.parametrize("rule", SCENARIOS)
def test_finding_of_each_rule_agrees_with_others(rule: str, keep: str) -> None:
    spec = spec_of("uploaded" if rule == "class-imbalance" else "layers", keep)
    case = SCENARIOS[rule](spec)
    findings = diagnose(case).items
    assert (rule in {each.rule for each in findings}) == (rule != "better-epoch" or keep == "last")
    assert_consistent(case, findings)
    for other in ("confused-pairs", "weak-classes"):
        both = replace(case, evaluations={**SCENARIOS[other](spec).evaluations, **case.evaluations})
        assert_consistent(both, diagnose(both).items)


def assert_consistent(case: TrainingRun, findings: list[Finding]) -> None:
    assert findings
    assert contradictions(findings) == []
    assert opposed(case.spec.document(), findings) == []
    assert disagreeing_numbers(findings) == []


@given(runs())
@settings(max_examples=examples(200), deadline=None, derandomize=True)
def test_healthy_run_is_far_better_than_guessing(case: TrainingRun) -> None:
    if [each.rule for each in diagnose(case).items] != ["healthy"]:
        return
    counts = case.spec.dataset.facts.training_counts
    chance = max(counts) / sum(counts)
    seen = [each.accuracy for name, each in case.evaluations.items() if name != "training"]
    known = seen or [case.points[-1].metrics["val_accuracy"] or 0.0]
    assert min(known) - chance >= 0.7 * (1 - chance) - 1e-9


def test_rule_stands_before_those_that_it_excludes() -> None:
    assert EXCLUDES.keys() <= set(NAMES)
    for rule, excluded in EXCLUDES.items():
        assert excluded <= set(NAMES)
        assert all(NAMES.index(rule) < NAMES.index(each) for each in excluded), rule


def test_still_improving_run_has_no_better_epoch() -> None:
    # Smoothed, validation loss falls to the end; but the last epoch is worse than the one before.
    falling = [3.0, 2.4, 1.9, 1.5, 1.2, 1.0, 0.7, 0.5, 0.36, 0.2, 0.24]
    rules = [each.rule for each in diagnose(run(points(falling, val_accuracy=[0.9] * 11))).items]
    assert not {"better-epoch", "not-converged"} <= set(rules)
    assert {"better-epoch", "not-converged"} & set(rules)


@pytest.mark.parametrize(
    ("trained", "held_out", "rule"), [(0.7, 0.61, "underfitting"), (0.65, 0.2, "generalization-gap")]
)
def test_poor_network_underfits_or_generalizes_poorly(trained: float, held_out: float, rule: str) -> None:
    flat = [2.0, 1.6, 1.5, 1.49, 1.485, 1.484, 1.483, 1.482]
    history = points(flat, accuracy=[min(trained, 0.61)] * 8, val_accuracy=[held_out] * 8)
    evaluations = evaluations_of(training=trained, validation=held_out, test=held_out)
    findings = diagnose(run(history, DIGITS, evaluations=evaluations)).items
    assert disagreeing_numbers(findings) == []
    assert {"underfitting", "generalization-gap"} & {each.rule for each in findings} == {rule}
