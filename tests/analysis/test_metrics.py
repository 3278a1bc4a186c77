"""Against counts done one by one, and against scikit-learn."""

import math

import numpy as np
import pytest
from sklearn.metrics import (
    classification_report,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
    recall_score,
    top_k_accuracy_score,
)

from analysis.metrics import compute_metrics
from models_store.evaluations.evaluation import ConfusionMatrix

LABELS = ("cat", "dog", "owl", "elk")


def counted() -> tuple[np.ndarray, np.ndarray]:
    """120 samples of cat, dog and owl, none of elk; a quarter is mistaken."""
    generator = np.random.default_rng(3)
    truth = generator.choice(3, 120, p=[0.6, 0.3, 0.1])
    predicted = generator.dirichlet(np.ones(4), 120).astype(np.float32)
    predicted[np.arange(120), truth] += 0.8 * (generator.random(120) < 0.75)
    return predicted / predicted.sum(axis=1, keepdims=True), truth


def test_metrics_equal_those_counted_one_by_one() -> None:
    predicted, truth = counted()
    found = compute_metrics(predicted, truth, LABELS)

    matrix = [[0] * 4 for _ in range(4)]
    right_in_three, loss = 0, 0.0
    for row, true in zip(predicted.tolist(), truth.tolist(), strict=True):
        order = sorted(range(4), key=lambda index: -row[index])
        matrix[true][order[0]] += 1
        right_in_three += true in order[:3]
        loss -= math.log(row[true])
    assert found.confusion_matrix == ConfusionMatrix(labels=LABELS, matrix=tuple(map(tuple, matrix)))
    assert found.samples == 120
    assert found.accuracy == pytest.approx(sum(matrix[i][i] for i in range(4)) / 120)
    assert found.top_3_accuracy == pytest.approx(right_in_three / 120)
    assert found.loss == pytest.approx(loss / 120, rel=1e-4)


def test_class_metrics_follow_from_confusion_matrix() -> None:
    predicted, truth = counted()
    found = compute_metrics(predicted, truth, LABELS)
    matrix = np.array(found.confusion_matrix.matrix, dtype=float)

    recall = [matrix[i, i] / matrix[i].sum() if matrix[i].sum() else None for i in range(4)]
    precision = [matrix[i, i] / matrix[:, i].sum() if matrix[:, i].sum() else None for i in range(4)]
    f1 = [2 * matrix[i, i] / (matrix[i].sum() + matrix[:, i].sum()) for i in range(4)]
    support = matrix.sum(axis=1)
    for name, values in {"recall": recall, "precision": precision, "f1": f1}.items():
        assert [getattr(row, name) for row in found.per_class] == pytest.approx(values)
        present = [value or 0.0 for value in values[:3]]  # there is no elk
        assert getattr(found.macro, name) == pytest.approx(sum(present) / 3)
        assert getattr(found.weighted, name) == pytest.approx(float(np.dot(present, support[:3])) / 120)
    assert [row.label for row in found.per_class] == list(LABELS)
    assert [row.support for row in found.per_class] == support.tolist()
    assert found.balanced_accuracy == found.macro.recall


def test_metrics_without_a_denominator_are_undefined() -> None:
    """Of a class that is never predicted, of one without samples, and of one that is neither."""
    predicted = np.eye(5, dtype=np.float32)[[0, 0, 1, 3]] * 0.9 + 0.02
    found = compute_metrics(predicted, np.array([0, 0, 1, 2]), ("a", "b", "c", "d", "e"))

    rows = [(row.precision, row.recall, row.f1, row.support) for row in found.per_class]
    assert rows == [
        (1.0, 1.0, 1.0, 2),
        (1.0, 1.0, 1.0, 1),
        (None, 0.0, 0.0, 1),
        (0.0, None, 0.0, 0),
        (None, None, None, 0),
    ]
    assert found.macro.precision == found.macro.recall == found.balanced_accuracy == pytest.approx(2 / 3)
    assert found.weighted.recall == found.accuracy == 0.75


@pytest.mark.parametrize("seed", range(5))
def test_metrics_agree_with_scikit_learn(seed: int) -> None:
    """Of six classes: one has no samples, one is never predicted, one is neither."""
    generator = np.random.default_rng(seed)
    labels = [f"class {index}" for index in range(6)]
    truth = generator.choice(4, 200, p=[0.5, 0.3, 0.15, 0.05])
    predicted = 0.99 * generator.dirichlet([2, 1, 1, 1e-3, 1, 1e-3], 200) + 0.01 / 6
    classes, every, present = predicted.argmax(axis=1), list(range(6)), np.unique(truth)
    assert len(present) < 6 > len(np.unique(classes))

    found = compute_metrics(predicted, truth, labels)

    assert found.loss == pytest.approx(log_loss(truth, predicted, labels=every))
    assert found.balanced_accuracy == pytest.approx(recall_score(truth, classes, labels=present, average="macro"))
    assert found.top_3_accuracy == pytest.approx(top_k_accuracy_score(truth, predicted, k=3, labels=every))
    assert np.array_equal(found.confusion_matrix.matrix, confusion_matrix(truth, classes, labels=every))
    report = classification_report(truth, classes, labels=present, output_dict=True, zero_division=0.0)
    for mean, theirs in ((found.macro, report["macro avg"]), (found.weighted, report["weighted avg"])):
        assert [mean.precision, mean.recall, mean.f1] == pytest.approx(
            [theirs[name] for name in ("precision", "recall", "f1-score")]
        )
    each = precision_recall_fscore_support(truth, classes, labels=every, zero_division=np.nan)
    ours = [[row.precision, row.recall, row.f1, row.support] for row in found.per_class]
    assert pytest.approx(np.array(each), nan_ok=True) == np.array(ours, dtype=float).T
