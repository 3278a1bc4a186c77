import json
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.diagnosis.diagnosis import RULES, diagnose
from analysis.diagnosis.finding import Finding
from models_store.experiments.points import MetricValues, Point
from specs.experiment import ExperimentSpec, parse_spec
from specs.merge_patch import merge_patch
from tests.analysis.diagnosis.scenarios import KEPT, PRESET_SPECS, SCENARIOS, SPECS, ended, spec_of
from tests.analysis.diagnosis.training_runs import DIGITS, ID, points, run
from tests.support.evaluations import evaluations_of
from tests.support.examples import examples

DATASETS = {**KEPT, "my-images": PRESET_SPECS["folder-cnn-he"].dataset.source}
# Rules that do not apply to every spec: two classes have only one pair, and most datasets are balanced.
BALANCED = {name for name in [*SPECS, *PRESET_SPECS] if name != "uploaded"}
NOT_FOR = {
    "class-imbalance": BALANCED,
    "confused-pairs": {"uploaded", "few uploaded"},
    "better-epoch": {name for name, spec in PRESET_SPECS.items() if spec.training.keep == "best"},
}


NO_SUGGESTION = {"confused-pairs", "slow-start", "class-imbalance", "poor-accuracy"}


def found(rule: str, spec: ExperimentSpec) -> Finding | None:
    """The finding of the rule itself in its scenario."""
    case = SCENARIOS[rule](spec)
    return next((finding for each in RULES if (finding := each(case)) is not None and finding.rule == rule), None)


def named(name: str) -> ExperimentSpec:
    return PRESET_SPECS[name] if name in PRESET_SPECS else spec_of(name)


@pytest.mark.parametrize("rule", SCENARIOS)
@pytest.mark.parametrize("name", [*SPECS, *PRESET_SPECS])
def test_suggestion_makes_a_valid_and_different_spec(rule: str, name: str) -> None:
    spec = named(name)
    finding = found(rule, spec)
    if name in NOT_FOR.get(rule, ()):
        assert finding is None
        return
    assert finding is not None
    if finding.suggestion is None:
        return
    patch = json.loads(json.dumps(finding.suggestion.patch))
    assert patch["based_on"] == ID
    changed = parse_spec(merge_patch(spec.document(), patch), DATASETS)
    assert changed.based_on == ID
    assert changed.model_copy(update={"based_on": spec.based_on}) != spec


@pytest.mark.parametrize("rule", SCENARIOS)
def test_every_rule_is_reported_among_the_others(rule: str) -> None:
    spec = spec_of("uploaded" if rule == "class-imbalance" else "layers")
    assert len(RULES) == len(SCENARIOS)
    assert rule in [finding.rule for finding in diagnose(SCENARIOS[rule](spec)).items]


@pytest.mark.parametrize("rule", sorted(SCENARIOS.keys() - NO_SUGGESTION))
@pytest.mark.parametrize("name", ["layers", "preset", "photographs"])
def test_plain_specs_get_a_suggestion(rule: str, name: str) -> None:
    finding = found(rule, spec_of(name))
    assert finding is not None
    assert finding.suggestion is not None


@pytest.mark.parametrize(("per_class", "rule"), [(4, "too-few-samples"), (80, "healthy")])
def test_few_validation_samples_show_no_health(per_class: int, rule: str) -> None:
    few = {
        **DIGITS,
        "dataset": {"name": "digits", "classes": [0, 1], "limit_per_class": per_class, "split": {"stratify": False}},
        "training": {"batch_size": 2},
    }
    loss = [0.7, 0.3, 0.1, 0.05, 0.049, 0.0485, 0.048, 0.048]
    accuracy = [0.5, 0.8, 0.9, *[1.0] * 5]
    finding = diagnose(run(points(loss, accuracy=accuracy, val_accuracy=accuracy), few)).items[0]

    assert finding.rule == rule
    if rule == "too-few-samples":
        assert "1 of 1 sample is recognized, as by guessing with a probability of 50%" in finding.sentence


@pytest.mark.parametrize("epochs", [0, 1, 2, 3])
def test_few_epochs_are_too_early_to_judge(epochs: int) -> None:
    (finding,) = diagnose(run(points([2.0, 1.0, 0.5][:epochs]), has_ended=False, stop_reason=None)).items
    assert finding.rule == "too-early"
    assert f"{epochs} epoch" in finding.sentence


def test_run_without_problem_is_healthy() -> None:
    loss = [2.0, 1.0, 0.5, 0.3, 0.2, 0.17, 0.16, 0.155]
    (finding,) = diagnose(run(points(loss, val_accuracy=[1 - each / 4 for each in loss]))).items
    assert finding.rule == "healthy"
    assert "Validation accuracy is 96.1%" in finding.sentence


@pytest.mark.parametrize(("accuracy", "rule"), [(0.18, "poor-accuracy"), (0.65, "poor-accuracy"), (0.8, "healthy")])
def test_healthy_network_is_far_better_than_guessing(accuracy: float, rule: str) -> None:
    history = points([2.0, 1.0, 0.5, 0.3, 0.2, 0.19, 0.185, 0.18], val_accuracy=[accuracy] * 8)
    assert [each.rule for each in diagnose(run(history)).items] == [rule]
    # Also if only its evaluation shows it.
    good = points([2.0, 1.0, 0.5, 0.3, 0.2, 0.19, 0.185, 0.18], val_accuracy=[0.9] * 8)
    evaluations = evaluations_of(training=accuracy, validation=0.9, test=accuracy)
    assert [each.rule for each in diagnose(run(good, evaluations=evaluations)).items] == [rule, "better-preset"]


def test_network_of_unknown_accuracy_is_not_healthy() -> None:
    (finding,) = diagnose(run(points([2.0, 1.0, 0.5, 0.3, 0.2, 0.17, 0.16, 0.155]))).items
    assert finding.rule == "too-early"
    assert finding.sentence == "It is too early to judge: 8 epochs have ended, without an accuracy."


def test_epochs_without_metrics_are_left_out() -> None:
    history = points([2.0, None, 1.0, 0.9, 0.9, None])
    bare = [Point(epoch=epoch, seconds=1.0, metrics={}) for epoch in range(6)]
    assert [each.rule for each in diagnose(run(history)).items] == ["diverged"]
    assert [each.rule for each in diagnose(run(bare)).items] == ["too-early"]


VALUES = st.one_of(st.none(), st.floats(), st.floats(0, 3), st.sampled_from([0.0, 1.0, 2.3026]))
METRICS = st.dictionaries(
    st.sampled_from(["loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"]), VALUES, max_size=5
)


LEVEL = {"loss": 0.0, "val_loss": 0.0}


@example(spec_of("layers"), [LEVEL] * 4 + [{**LEVEL, "val_loss": -1.0}], True, "completed")
@given(
    st.sampled_from([spec_of(name, keep) for name in SPECS for keep in ("best", "last")]),
    st.lists(METRICS, max_size=30),
    st.booleans(),
    st.sampled_from(["completed", "early_stopping", "time_budget", "cancelled", None]),
)
@settings(max_examples=examples(300), deadline=None, derandomize=True)
def test_any_history_is_diagnosed_in_finite_numbers(
    spec: ExperimentSpec, history: list[MetricValues], has_ended: bool, stop_reason: str | None
) -> None:
    numbered = [Point(epoch=epoch, seconds=1.0, metrics=metrics) for epoch, metrics in enumerate(history)]
    findings = diagnose(ended(spec, numbered, has_ended=has_ended, stop_reason=stop_reason)).items
    assert findings
    for finding in findings:
        json.dumps(finding.model_dump(), allow_nan=False)
        assert not re.search(r"\b(nan|inf|None)\b", finding.sentence), finding.sentence
