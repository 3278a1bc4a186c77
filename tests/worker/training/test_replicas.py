"""Several logical processors against one, in a process of its own: TensorFlow divides a processor before using it."""

import json
import subprocess
import sys
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from specs.experiment import parse_spec
from tests.support.service import ROOT
from worker.data import Split
from worker.training.compiling import compile_model
from worker.training.network import build
from worker.training.replicas import Replicas, split_processor
from worker.training.steps import train_function
from worker.training.targets import Targets

DEVICES = (3, 4)
LAYERS: list[dict[str, Any]] = [
    {"type": "Flatten"},
    {"type": "Dense", "units": 6, "activation": "relu", "kernel_regularizer": {"l2": 0.01}},
    {"type": "BatchNormalization"},
    {"type": "Dense"},
]
DROPOUT: list[dict[str, Any]] = [{"type": "Flatten"}, {"type": "Dropout", "rate": 0.5}, {"type": "Dense"}]
# The last batch has two samples.
SPLIT = Split(
    np.random.default_rng(0).integers(0, 256, size=(10, 8, 8, 1), dtype=np.uint8),
    np.arange(10, dtype=np.int64),
    np.arange(10),
)
BATCH_SIZE = 4


def make(layers: list[dict[str, Any]], replicas: Replicas) -> Any:
    training = {"batch_size": BATCH_SIZE, "optimizer": {"type": "SGD"}, "class_weight": [1 + k / 9 for k in range(10)]}
    spec = parse_spec({"model": {"layers": layers}, "training": training})
    with replicas.scope():
        model = build(spec, SPLIT.images)
    replicas.synchronize(model)
    compile_model(model, spec, replicas=replicas)
    return model, Targets(spec, SPLIT.labels)


def train(count: int) -> dict[str, list[Any]]:
    replicas = Replicas(count)
    model, targets = make(LAYERS, replicas)
    step = train_function(model, targets, BATCH_SIZE, train_step=replicas.train_step(model))
    arrays = map(tf.constant, (*SPLIT[:2], np.arange(10, dtype=np.int32), np.full(3, 0.1, np.float32)))
    step(*arrays, tf.constant(0), tf.constant(3))
    metrics = [float(value) for value in model.get_metrics_result().values()]
    return {"weights": [each.tolist() for each in model.get_weights()], "metrics": metrics}


def draw() -> list[Any]:
    """What Dropout, and the rest of the network, makes of one image on each device."""
    replicas = Replicas(DEVICES[0])
    model, _ = make(DROPOUT, replicas)
    strategy = replicas.train_step(model)._strategy  # type: ignore[attr-defined]
    image = tf.constant(SPLIT.images[:1])
    outputs = tf.function(lambda: strategy.run(lambda: model(image, training=True)), autograph=False)()
    return [each.numpy().tolist() for each in strategy.experimental_local_results(outputs)]


@pytest.fixture(scope="module")
def printed() -> dict[str, Any]:
    run = subprocess.run([sys.executable, "-m", __name__], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)  # type: ignore[no-any-return]


@pytest.mark.parametrize("devices", DEVICES)
def test_small_last_batch_counts_as_on_one_device(printed: dict[str, Any], devices: int) -> None:
    one, several = printed["1"], printed[str(devices)]
    assert several["metrics"] == pytest.approx(one["metrics"], abs=1e-6)
    for expected, found in zip(one["weights"], several["weights"], strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_dropout_differs_between_devices(printed: dict[str, Any]) -> None:
    assert len({json.dumps(each) for each in printed["drawn"]}) == DEVICES[0]


if __name__ == "__main__":
    # The order of a sum in single precision depends on the processor: it may hide a small fault.
    keras.config.set_floatx("float64")
    split_processor(max(DEVICES))
    print(json.dumps({**{each: train(each) for each in (1, *DEVICES)}, "drawn": draw()}))
