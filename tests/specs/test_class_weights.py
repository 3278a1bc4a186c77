import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from specs.class_weights import ClassWeight, weights_by_class

CLASSES = ("cat", "dog", "owl")


def test_balanced_equals_scikit_learn() -> None:
    labels = np.array([0] * 7 + [1] * 2 + [2] * 3)
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    assert weights_by_class("balanced", CLASSES, np.bincount(labels).tolist()) == pytest.approx(expected.tolist())


def test_class_without_samples_has_weight_zero() -> None:
    assert weights_by_class("balanced", CLASSES, [3, 0, 3]) == [2 / 3, 0.0, 2 / 3]


@pytest.mark.parametrize(("given", "expected"), [({"dog": 2.5}, [1.0, 2.5, 1.0]), ((0.5, 1.0, 2.0), [0.5, 1.0, 2.0])])
def test_weights_by_name_or_in_class_order(given: ClassWeight, expected: list[float]) -> None:
    assert weights_by_class(given, CLASSES, [1, 1, 1]) == expected
