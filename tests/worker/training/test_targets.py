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


def test_indices_stay_where_the_loss_takes_them() -> None:
    assert targets().compared(INDICES).numpy().tolist() == [0, 1, 2]


def test_indices_become_shares_where_the_loss_takes_those() -> None:
    expected = np.eye(10)[:3].tolist()
    assert targets(loss={"type": "CategoricalCrossentropy"}).compared(INDICES).numpy().tolist() == expected
    assert targets(augmentation=MIX).compared(INDICES).numpy().tolist() == expected


def test_no_class_weight_is_no_weight() -> None:
    assert targets().weights(INDICES) is None


def test_rare_classes_weigh_more_when_balanced() -> None:
    weights = targets(class_weight="balanced").weights(INDICES).numpy()
    assert weights == pytest.approx([10 / 60, 10 / 20, 10 / 20])


def test_a_mixed_sample_weighs_by_its_shares() -> None:
    mixed = tf.constant([[0.25, 0.75] + [0.0] * 8])
    weights = targets(augmentation=MIX, class_weight={"0": 2.0, "1": 4.0}).weights(mixed)
    assert weights.numpy() == pytest.approx([3.5])
