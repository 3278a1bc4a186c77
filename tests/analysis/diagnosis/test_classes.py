import numpy as np
import pytest

from analysis.diagnosis.classes import confused_pairs, imbalance
from analysis.diagnosis.run import Run
from models_store.evaluations.evaluation import ClassMetrics
from specs.dataset import Dataset
from specs.experiment import parse_spec
from tests.analysis.diagnosis.runs import ID, run
from tests.support.evaluations import evaluation_of

# Source 000: the confusion matrix of its best network on MNIST's test split.
MNIST = np.diag([978, 1135, 1026, 1006, 976, 887, 947, 1021, 970, 1000])
for true, predicted, count in [
    *((0, 6, 1), (0, 7, 1), (2, 0, 1), (2, 7, 5), (3, 1, 1), (3, 5, 3), (4, 2, 1), (4, 6, 1), (4, 9, 4), (5, 3, 4)),
    *((5, 6, 1), (6, 0, 6), (6, 1, 2), (6, 4, 1), (6, 5, 1), (6, 8, 1), (7, 1, 3), (7, 2, 2), (7, 3, 1), (7, 9, 1)),
    *((8, 0, 1), (8, 2, 1), (8, 5, 1), (8, 7, 1), (9, 1, 1), (9, 2, 1), (9, 4, 5), (9, 5, 1), (9, 7, 1)),
]:
    MNIST[true, predicted] = count


def evaluated(matrix, split="test"):
    return run([], evaluations={split: evaluation_of(matrix=matrix)})


def test_the_pairs_of_the_source_are_found_the_worst_one_first():
    assert (MNIST.sum(), np.trace(MNIST)) == (10_000, 9_946)
    finding = confused_pairs(evaluated(MNIST))
    assert finding.evidence["mistakes"] == 54
    assert finding.evidence["pairs"][0] == {"labels": ["4", "9"], "mistakes": 9, "share": 0.1667}
    assert len(finding.evidence["pairs"]) == 3
    assert "Of the 54 mistakes on the test split, many are between two classes (4 and 9: 9, 17%" in finding.sentence


def test_validation_stands_in_for_the_test_split():
    assert confused_pairs(evaluated(MNIST, "validation")).evidence["split"] == "validation"


@pytest.mark.parametrize(
    "matrix",
    [
        np.diag([10] * 5),
        np.diag([10] * 5) + 2 * np.eye(5, k=1, dtype=int),  # two mistakes in each pair
        np.diag([1] * 5) + 9 * np.eye(5, k=1, dtype=int),  # nearly always wrong
        np.full((5, 5), 3),  # everything with everything
        [[50, 9], [3, 60]],  # two classes have no other pair
    ],
)
def test_mistakes_that_are_few_or_everywhere_make_no_pair(matrix):
    assert confused_pairs(evaluated(matrix)) is None


def test_without_an_evaluation_there_are_no_pairs():
    assert confused_pairs(run([])) is None


def leaves(*counts, training=None, evaluations=None):
    names = ("oak", "ash", "elm")[: len(counts)]
    dataset = Dataset("leaves", (8, 8, 1), names, counts)
    layers = [{"type": "Flatten"}, {"type": "Dense"}]
    document = {
        "dataset": {"name": "leaves", "split": {"stratify": False}},
        "model": {"layers": layers},
        "training": {"batch_size": 8, **(training or {})},
    }
    return Run(ID, parse_spec(document, {"leaves": dataset}), [], evaluations or {})


def test_rare_classes_are_named_and_weighed():
    finding = imbalance(leaves(400, 150, 100))
    assert (finding.severity, finding.evidence["samples"]) == ("info", {"oak": 400, "elm": 100})
    assert "4.0 times as many samples of oak (400) as of elm (100)" in finding.sentence
    assert finding.suggestion.patch["training"] == {"class_weight": "balanced"}


def test_a_rare_class_that_is_not_found_is_a_warning():
    recalls = {"oak": 0.99, "ash": 0.4}
    rows = tuple(
        ClassMetrics(label=label, precision=0.9, recall=recall, f1=0.9, support=20) for label, recall in recalls.items()
    )
    evaluations = {"test": evaluation_of(accuracy=0.9, per_class=rows)}
    finding = imbalance(leaves(400, 100, evaluations=evaluations))
    assert (finding.severity, finding.evidence["recall"]) == ("warning", 0.4)
    assert "Of ash, 40% are found; of all, 90%." in finding.sentence


def test_classes_in_balance_weighed_or_empty_are_left_alone():
    assert imbalance(leaves(200, 100)) is None
    assert imbalance(leaves(400, 100, training={"class_weight": "balanced"})) is None
    assert imbalance(leaves(400, 100, 0)) is None
