"""Warm-up of a spare trainer: everything that TensorFlow does on first use."""

import keras
import numpy as np
import tensorflow as tf

from specs.experiment import parse_spec
from worker.data import Split
from worker.training.compiling import compile_model
from worker.training.network import build
from worker.training.precision import choose_policy, set_precision
from worker.training.steps import test_function, train_function, uses_xla
from worker.training.targets import Targets

_DOCUMENT = {
    "model": {
        "layers": [
            {"type": "Conv2D", "filters": 2, "kernel_size": 3, "activation": "relu"},
            {"type": "BatchNormalization"},
            {"type": "MaxPooling2D"},
            {"type": "Dropout", "rate": 0.5},
            {"type": "Flatten"},
            {"type": "Dense"},
        ]
    }
}


def warm_up(*, is_alone: bool, is_awaited: bool) -> None:
    """Train a tiny network for one step and discard it, unless a job waits already: its own first step does the same.

    GPU memory grows on demand. A spare that is not alone on the GPU does not touch it: the trainer at work may need all
    of it.
    """
    devices = tf.config.list_physical_devices("GPU")
    for device in devices:
        tf.config.experimental.set_memory_growth(device, True)
    if is_awaited or (devices and not is_alone):
        return
    spec = parse_spec(_DOCUMENT)
    split = Split(np.zeros((4, *spec.input_shape), dtype=np.uint8), np.zeros(4, dtype=np.int64), np.arange(4))
    model = build(spec, split.images)
    set_precision(model, choose_policy(spec, model))
    compile_model(model, spec)
    targets = Targets(spec, split.labels)
    train = train_function(model, targets, batch_size=2, compiled=uses_xla())
    train(split.images, split.labels, tf.range(4), tf.zeros(2), tf.constant(0), tf.constant(1))
    test_function(model, targets, split)()
    # Resets the counters in layer names, as in a fresh process.
    keras.utils.clear_session()
