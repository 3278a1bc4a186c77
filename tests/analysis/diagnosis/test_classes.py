from typing import Any

import numpy as np
import pytest

from analysis.diagnosis.classes import class_imbalance, confused_pairs
from analysis.diagnosis.training_run import TrainingRun
from models_store.evaluations.evaluation import ClassMetrics, Evaluations
from specs.dataset import Dataset
from specs.experiment import parse_spec
from specs.splits import SplitName
from tests.analysis.diagnosis.training_runs import ID, patch_of, require, run
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
