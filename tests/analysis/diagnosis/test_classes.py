from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analysis.diagnosis.classes import class_imbalance, confused_pairs, weak_classes
from analysis.diagnosis.diagnosis import diagnose
from analysis.diagnosis.training_run import TrainingRun
from models_store.evaluations.evaluation import ClassMetrics, Evaluations
from specs.dataset import Dataset
from specs.experiment import parse_spec
from specs.splits import SplitName
from tests.analysis.diagnosis.training_runs import ID, patch_of, points, require, run
from tests.support.evaluations import evaluation_of

# Source 000: the confusion matrix of its best network on MNIST's test split.
MNIST = np.diag([978, 1135, 1026, 1006, 976, 887, 947, 1021, 970, 1000])
for true, predicted, count in [
    *((0, 6, 1), (0, 7, 1), (2, 0, 1), (2, 7, 5), (3, 1, 1), (3, 5, 3), (4, 2, 1), (4, 6, 1), (4, 9, 4), (5, 3, 4)),
    *((5, 6, 1), (6, 0, 6), (6, 1, 2), (6, 4, 1), (6, 5, 1), (6, 8, 1), (7, 1, 3), (7, 2, 2), (7, 3, 1), (7, 9, 1)),
    *((8, 0, 1), (8, 2, 1), (8, 5, 1), (8, 7, 1), (9, 1, 1), (9, 2, 1), (9, 4, 5), (9, 5, 1), (9, 7, 1)),
]:
    MNIST[true, predicted] = count


def evaluated(matrix: Any, split: SplitName = "test") -> TrainingRun:
    return run([], evaluations={split: evaluation_of(matrix=matrix)})


def test_worst_pairs_of_the_source_come_first() -> None:
    assert (MNIST.sum(), np.trace(MNIST)) == (10_000, 9_946)
    finding = require(confused_pairs(evaluated(MNIST)))
    assert finding.evidence["misclassified"] == 54
    assert finding.evidence["pairs"][0] == {"labels": ["4", "9"], "misclassified": 9, "share": 0.1667}
    assert len(finding.evidence["pairs"]) == 3
    assert "Many of the 54 errors on the test split are confusions of two classes (4 and 9: 9, 17%" in finding.sentence


def test_pairs_without_test_split_are_of_validation() -> None:
    assert require(confused_pairs(evaluated(MNIST, "validation"))).evidence["split"] == "validation"


@pytest.mark.parametrize(
    "matrix",
    [
        np.diag([10] * 5),
        np.diag([10] * 5) + 2 * np.eye(5, k=1, dtype=int),  # two errors in each pair
        np.diag([1] * 5) + 9 * np.eye(5, k=1, dtype=int),  # nearly always wrong
        np.full((5, 5), 3),  # everything with everything
        [[50, 9], [3, 60]],  # two classes have no other pair
    ],
)
def test_few_or_evenly_spread_errors_are_no_pair(matrix: Any) -> None:
    assert confused_pairs(evaluated(matrix)) is None


def test_no_pairs_without_an_evaluation() -> None:
    assert confused_pairs(run([])) is None


def leaves(*counts: int, training: dict[str, Any] | None = None, evaluations: Evaluations | None = None) -> TrainingRun:
    names = ("oak", "ash", "elm")[: len(counts)]
    dataset = Dataset("leaves", (8, 8, 1), names, counts)
    layers = [{"type": "Flatten"}, {"type": "Dense"}]
    document = {
        "dataset": {"name": "leaves", "split": {"stratify": False}},
        "model": {"layers": layers},
        "training": {"batch_size": 8, **(training or {})},
    }
    return TrainingRun(ID, parse_spec(document, {"leaves": dataset}), [], evaluations or {})


def test_rare_class_is_named_and_weighted() -> None:
    finding = require(class_imbalance(leaves(400, 150, 100)))
    assert (finding.severity, finding.evidence["samples"]) == ("info", {"oak": 400, "elm": 100})
    assert "oak has 4.0 times as many samples (400) as elm (100)" in finding.sentence
    assert patch_of(finding)["training"] == {"class_weight": "balanced"}


def test_rare_class_with_low_recall_is_a_warning() -> None:
    recalls = {"oak": 0.99, "ash": 0.4}
    rows = tuple(
        ClassMetrics(label=label, precision=0.9, recall=recall, f1=0.9, support=20) for label, recall in recalls.items()
    )
    evaluations: Evaluations = {"test": evaluation_of(accuracy=0.9, per_class=rows)}
    finding = require(class_imbalance(leaves(400, 100, evaluations=evaluations)))
    assert (finding.severity, finding.evidence["recall"]) == ("warning", 0.4)
    assert "The recall of ash is 40%, accuracy 90%." in finding.sentence


def test_balanced_weighted_or_empty_classes_are_fine() -> None:
    assert class_imbalance(leaves(200, 100)) is None
    assert class_imbalance(leaves(400, 100, training={"class_weight": "balanced"})) is None
    assert class_imbalance(leaves(400, 100, 0)) is None


def forest(samples: int, *recognized: int, classes: int = 40, right: float = 1.0) -> TrainingRun:
    """So many test samples of each class; `recognized` are those of the first classes, of the others a share."""
    names = tuple(f"class-{index}" for index in range(classes))
    matrix = np.zeros((classes, classes), int)
    for index in range(classes):
        matrix[index, index] = recognized[index] if index < len(recognized) else round(right * samples)
        matrix[index, (index + 1) % classes] += samples - matrix[index, index]
    dataset = Dataset("forest", (8, 8, 1), names, (100,) * classes)
    document = {"dataset": {"name": "forest"}, "model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]}}
    epochs = points([2.0, 1.0, 0.5, 0.3, 0.2, 0.17, 0.16, 0.155], val_accuracy=[0.875] * 8)
    evaluation = evaluation_of(matrix=matrix.tolist(), labels=names)
    spec = parse_spec(document, {"forest": dataset})
    return TrainingRun(ID, spec, epochs, {"test": evaluation}, has_ended=True, stop_reason="completed")


@pytest.mark.parametrize("samples", [10, 20, 100])
def test_classes_that_are_never_recognized_are_named(samples: int) -> None:
    case = forest(samples, 0, 0, 0, 0, 0)
    assert case.held_out[1] is not None
    assert case.held_out[1].accuracy == 0.875

    rules = [finding.rule for finding in diagnose(case).items]
    finding = require(weak_classes(case))

    assert "weak-classes" in rules
    assert "healthy" not in rules
    assert (finding.severity, finding.evidence["weak_count"], finding.evidence["class_count"]) == ("warning", 5, 40)
    first = {"label": "class-0", "recognized": 0, "samples": samples, "mistaken_for": "class-1"}
    assert finding.evidence["classes"][0] == first
    assert finding.sentence.startswith(
        "5 of 40 classes are rarely recognized on the test split, at an accuracy of 88% "
    )
    assert f"(class-0: 0 of {samples}, mostly mistaken for class-1; " in finding.sentence


def test_many_weak_classes_are_counted() -> None:
    finding = require(weak_classes(forest(50, *[0] * 8)))
    assert finding.sentence.endswith("; and 3 more).")
    assert (len(finding.evidence["classes"]), finding.evidence["weak_count"]) == (5, 8)


@pytest.mark.parametrize(
    "case",
    [
        forest(3, 0, classes=10),
        forest(3, 0, classes=100),
        forest(3, *[0] * 3, classes=30),
        forest(20, 10),  # half as often is not far
        forest(20, right=0.9),
        forest(6, 1, right=0.85),  # by chance
        forest(20, 0, 0, right=0.4, classes=4),  # poor altogether
        run([]),
    ],
    ids=range(8),
)
def test_class_of_few_samples_is_not_weak(case: TrainingRun) -> None:
    assert weak_classes(case) is None


def test_weak_class_is_rarely_found_by_chance() -> None:
    """Of 300 networks that recognize every class equally often."""
    rng = np.random.default_rng(5)
    cases = [forest(5, *rng.binomial(5, 0.8, 20).tolist(), classes=20) for _ in range(300)]
    assert sum(weak_classes(case) is not None for case in cases) <= 0.05 * len(cases)


def test_weak_class_gets_weight_unless_it_has() -> None:
    dataset = Dataset("leaves", (8, 8, 1), ("oak", "ash"), (400, 100))
    matrix = [[1_000, 0], [20, 0]]

    def found(counts: tuple[int, int], **training: Any) -> Any:
        changed = replace(dataset, training_counts=counts)
        layers = [{"type": "Flatten"}, {"type": "Dense"}]
        document = {"dataset": {"name": "leaves"}, "model": {"layers": layers}, "training": training}
        evaluation = evaluation_of(matrix=matrix, labels=dataset.classes)
        return TrainingRun(ID, parse_spec(document, {"leaves": changed}), [], {"test": evaluation})

    assert patch_of(weak_classes(found((400, 100))))["training"] == {"class_weight": "balanced"}
    assert patch_of(weak_classes(found((100, 100))))["training"] == {"class_weight": {"ash": 3.0}}
    assert require(weak_classes(found((100, 100), class_weight={"ash": 2}))).suggestion is None
