from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from specs.experiment import parse_spec
from worker.training.targets import Targets

LABELS = np.array([0] * 6 + [1] * 2 + [2] * 2)
INDICES = tf.constant([0, 1, 2], dtype=tf.int64)
MIX = {"layers": [{"type": "MixUp"}]}


def targets(augmentation: Any = None, **training: Any) -> Targets:
    document = {"model": {"preset": "digits-cnn"}, "training": {"batch_size": 8, **training}}
    return Targets(parse_spec(document | {"augmentation": augmentation}), LABELS)


def test_indices_stay_for_a_sparse_loss() -> None:
    assert targets().encode(INDICES).numpy().tolist() == [0, 1, 2]


def test_indices_become_one_hot_for_a_dense_loss() -> None:
    expected = np.eye(10)[:3].tolist()
    assert targets(loss={"type": "CategoricalCrossentropy"}).encode(INDICES).numpy().tolist() == expected
    assert targets(augmentation=MIX).encode(INDICES).numpy().tolist() == expected


def test_without_class_weight_samples_have_none() -> None:
    assert targets().weights(INDICES) is None


def test_balanced_rare_classes_weigh_more() -> None:
    weights = targets(class_weight="balanced").weights(INDICES)
    assert weights is not None
    assert weights.numpy() == pytest.approx([10 / 60, 10 / 20, 10 / 20])


def test_mixed_sample_has_the_mean_weight() -> None:
    mixed = tf.constant([[0.25, 0.75] + [0.0] * 8])
    weights = targets(augmentation=MIX, class_weight={"0": 2.0, "1": 4.0}).weights(mixed)
    assert weights is not None
    assert weights.numpy() == pytest.approx([3.5])
