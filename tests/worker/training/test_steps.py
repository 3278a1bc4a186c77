import numpy as np
import pytest
import tensorflow as tf

from specs.experiment import parse_spec
from worker.data import Split
from worker.training.compiling import compile_model
from worker.training.network import build
from worker.training.steps import test_function as validation_function
from worker.training.steps import train_function
from worker.training.targets import Targets

LAYERS = [{"type": "Flatten"}, {"type": "Dense", "units": 8, "activation": "relu"}, {"type": "Dense"}]
SPEC = parse_spec({"model": {"layers": LAYERS}, "training": {"batch_size": 8, "optimizer": {"type": "SGD"}}})
SPLIT = Split(
    np.random.default_rng(0).integers(0, 256, size=(20, 8, 8, 1), dtype=np.uint8),
    np.arange(20, dtype=np.int64) % 10,
    np.arange(20),
)


def trained(*, compiled: bool) -> tuple[list[np.ndarray], dict[str, float]]:
    model = build(SPEC, SPLIT.images)
    compile_model(model, SPEC)
    targets = Targets(SPEC, SPLIT.labels)
    train = train_function(model, targets, 8, compiled=compiled)
    order = tf.constant(np.arange(20)[::-1].astype(np.int32))
    for start in range(3):
        train(
            *map(tf.constant, SPLIT[:2]),
            order,
            tf.constant([0.1, 0.2, 0.3]),
            tf.constant(start),
            tf.constant(start + 1),
        )
    assert float(model.optimizer.learning_rate) == pytest.approx(0.3)
    model.reset_metrics()
    validation_function(model, targets, SPLIT)()
    return model.get_weights(), {name: float(value) for name, value in model.get_metrics_result().items()}


def by_hand() -> list[np.ndarray]:
    model = build(SPEC, SPLIT.images)
    compile_model(model, SPEC)
    for rate, batch in zip([0.1, 0.2, 0.3], [slice(19, 11, -1), slice(11, 3, -1), slice(3, None, -1)], strict=True):
        model.optimizer.learning_rate = rate
        model.train_on_batch(SPLIT.images[batch], SPLIT.labels[batch])
    weights: list[np.ndarray] = model.get_weights()
    return weights


@pytest.mark.parametrize("compiled", [False, True])
def test_steps_follow_the_given_order_and_rates(compiled: bool) -> None:
    weights, metrics = trained(compiled=compiled)

    assert all(np.allclose(*pair, atol=1e-5) for pair in zip(weights, by_hand(), strict=True))
    assert set(metrics) == {"loss", "accuracy"}
