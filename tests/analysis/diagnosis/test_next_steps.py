"""What to try next after a run without problems."""

from dataclasses import replace
from typing import Any

import pytest

from analysis.diagnosis.diagnosis import diagnose
from analysis.diagnosis.finding import Finding
from analysis.diagnosis.next_steps import better_preset
from analysis.diagnosis.suggestions import use_preset
from analysis.diagnosis.training_run import TrainingRun
from models_store.evaluations.evaluation import Evaluations
from specs.dataset import DATASETS
from specs.experiment import parse_spec
from specs.merge_patch import merge_patch
from specs.presets import PRESETS
from tests.analysis.diagnosis.scenarios import SPECS
from tests.analysis.diagnosis.training_runs import patch_of, points, run
from tests.support.evaluations import evaluations_of

LOSS = [2.0, 1.0, 0.5, 0.3, 0.2, 0.17, 0.16, 0.155]
MNIST_DNN: dict[str, Any] = {
    "dataset": {"name": "mnist"},
    "preprocessing": {"scale": "none"},
    "model": {"preset": "mnist-dnn"},
}
CNN = SPECS["layers"]["model"]
FASHION: dict[str, Any] = {"dataset": {"name": "fashion_mnist"}, "model": CNN}


def healthy(document: dict[str, Any] = MNIST_DNN, **accuracies: float) -> TrainingRun:
    """Of a network whose curves show no problem, with these accuracies on 1,000 samples of each split."""
    accuracies = {"training": 0.97, "validation": 0.96, "test": 0.96, **accuracies}
    history = points(LOSS, val_accuracy=[accuracies["validation"]] * 8)
    return run(history, document, evaluations=evaluations_of(**accuracies))


def step_of(case: TrainingRun) -> Finding | None:
    """What follows the finding that nothing is wrong."""
    first, *others = diagnose(case).items
    assert first.rule == "healthy"
    assert len(others) <= 1
    return others[0] if others else None


def test_healthy_run_is_shown_a_better_preset() -> None:
    step = step_of(healthy())
    assert step is not None
    assert (step.rule, step.severity) == ("better-preset", "info")
    assert step.sentence == (
        "More is possible on mnist: accuracy is 96.0% on the test split, and the preset mnist-best reached 99.7% on "
        "the test split (3 runs, on average)."
    )
    patch = patch_of(step)
    assert patch["model"] == {"preset": "mnist-best"}
    assert patch["preprocessing"] == {"scale": "unit"}
    assert "dataset" not in patch


def test_preset_is_shown_to_a_run_on_added_samples() -> None:
    more = replace(DATASETS["mnist"], name="more")
    document = {**MNIST_DNN, "dataset": {"name": "mnist", "add": ["more"]}}
    spec = parse_spec(document, {**DATASETS, "more": more})
    step = step_of(replace(healthy(), spec=spec))
    assert step is not None
    assert step.rule == "better-preset"
    assert "dataset" not in patch_of(step)


def test_preset_that_does_not_fit_is_not_shown() -> None:
    """Its batches of 32 are too small for 64 devices."""
    training = {"devices": 64, "batch_size": 64}
    spec = parse_spec({"dataset": {"name": "cifar10"}, "model": CNN, "training": training})
    assert use_preset(spec, "cifar10-conv-small") is None


@pytest.mark.parametrize(("changes", "is_known"), [({}, True), ({"cluster_std": 9.0}, False)])
def test_other_blobs_are_another_task(changes: dict[str, Any], is_known: bool) -> None:
    blobs = {**parse_spec(PRESETS["blobs-mlp"].spec).document()["dataset"]["blobs"], **changes}
    document = {"dataset": {"name": "blobs", "blobs": blobs}, "model": {"preset": "blobs-mlp"}}
    evaluations = evaluations_of(training=0.5, validation=0.5, test=0.4)
    case = run(points(LOSS, val_accuracy=[0.5] * 8), document, evaluations=evaluations)
    assert (better_preset(case) is not None) is is_known


def test_validation_judges_where_test_is_withheld() -> None:
    case = healthy()
    without: Evaluations = {split: each for split, each in case.evaluations.items() if split != "test"}
    step = step_of(replace(case, evaluations=without))
    assert step is not None
    assert step.evidence["split"] == "validation"


@pytest.mark.parametrize(
    "document",
    [
        {**MNIST_DNN, "model": {"preset": "mnist-best"}},
        {"dataset": {"name": "mnist"}, "model": CNN, "training": {"optimizer": {"type": "SGD", "momentum": 0.9}}},
        {**MNIST_DNN, "training": {"seed": 7, "early_stopping": {"patience": 3}}},
        {"dataset": {"name": "cifar10"}, "model": CNN, "training": {"class_weight": "balanced"}},
        {"dataset": {"name": "blobs"}, "model": SPECS["features"]["model"]},
    ],
)
def test_patch_of_a_preset_is_all_of_it(document: dict[str, Any]) -> None:
    spec = parse_spec(document)
    for name, preset in PRESETS.items():
        if preset.spec["dataset"]["name"] != spec.dataset.name:
            continue
        change = use_preset(spec, name)
        assert change is not None
        changed = parse_spec(merge_patch(spec.document(), change))
        expected = parse_spec(preset.spec)
        seeded = expected.training.model_copy(update={"seed": spec.training.seed})
        assert changed == expected.model_copy(update={"name": spec.name, "dataset": spec.dataset, "training": seeded})
        assert use_preset(changed, name) is None


def test_best_known_accuracy_gets_no_advice() -> None:
    assert step_of(healthy(training=1.0, validation=0.996, test=0.996)) is None
    # Better by chance is not better.
    assert step_of(healthy(training=1.0, validation=0.99, test=0.994)) is None


@pytest.mark.parametrize("part", [{"classes": list("12345679")}, {"limit_per_class": 500}])
def test_preset_of_the_whole_says_nothing_of_a_part(part: dict[str, Any]) -> None:
    step = step_of(healthy({**MNIST_DNN, "dataset": {"name": "mnist", **part}}, training=0.99, test=0.95))
    assert step is not None
    assert step.rule == "more-variety"


def test_errors_on_unseen_samples_ask_for_variety() -> None:
    for document, section in ((FASHION, "augmentation"), (augmented(FASHION), "model")):
        step = step_of(unseen(document))
        assert step is not None
        assert step.rule == "more-variety"
        assert patch_of(step).keys() == {"based_on", section}


def test_part_of_a_dataset_asks_for_all_of_it() -> None:
    step = step_of(unseen({**FASHION, "dataset": {"name": "fashion_mnist", "limit_per_class": 500}}))
    assert patch_of(step) == {"based_on": "01K6W3E8Z4T5V6X7Y8Z9A0B1C2", "dataset": {"limit_per_class": None}}


def test_errors_on_seen_samples_ask_for_capacity() -> None:
    step = step_of(healthy(FASHION, training=0.91, validation=0.9, test=0.9))
    assert step is not None
    assert step.rule == "more-capacity"
    assert patch_of(step)["model"]["layers"][0]["filters"] == 8


def test_few_errors_do_not_show_what_is_missing() -> None:
    assert step_of(healthy(FASHION, training=1.0, validation=0.992, test=0.992)) is None


def test_nothing_is_suggested_where_nothing_is_left() -> None:
    document = augmented({"dataset": {"name": "fashion_mnist"}, "model": {"keras": SPECS["keras"]["model"]["keras"]}})
    document["preprocessing"] = {"image_size": [8, 8]}
    assert step_of(unseen(document)) is None


@pytest.mark.parametrize(
    "case",
    [
        replace(healthy(), has_ended=False, stop_reason=None),
        replace(healthy(), evaluations={}),
        replace(healthy(), points=points(LOSS[:3])),
    ],
)
def test_unfinished_and_short_runs_get_no_next_step(case: TrainingRun) -> None:
    assert len(diagnose(case).items) == 1


def test_problems_come_before_next_steps() -> None:
    rules = [each.rule for each in diagnose(healthy(training=0.99, validation=0.9, test=0.9)).items]
    assert rules == ["generalization-gap"]


def test_network_that_is_often_wrong_is_shown_a_preset() -> None:
    poor = run(
        points([2.0, 1.8, 1.7, 1.62], val_loss=[2.0, 1.8, 1.81, 1.82], val_accuracy=[0.4] * 4),
        MNIST_DNN,
        evaluations=evaluations_of(training=0.41, validation=0.4, test=0.4),
    )
    assert [each.rule for each in diagnose(poor).items] == ["poor-accuracy", "better-preset"]


def augmented(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "augmentation": {"layers": [{"type": "RandomFlip"}]}}


def unseen(document: dict[str, Any]) -> TrainingRun:
    return healthy(document, training=0.99, validation=0.95, test=0.95)
