"""What a spare trainer can do before it has a job: all of TensorFlow's first times."""

import keras
import numpy as np
import tensorflow as tf

from specs.experiment import parse_spec
from worker.data import Split
from worker.training.compiling import compile_model
from worker.training.network import build
from worker.training.precision import compute_in, policy_for
from worker.training.steps import compiles, test_function, train_function
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


def warm_up() -> None:
    """Train a tiny network for one step, and forget it: what is made on first use is made now.

    GPU memory is taken as it is needed, so that a waiting spare leaves it to the trainer at work.
    """
    for device in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(device, True)
    spec = parse_spec(_DOCUMENT)
    split = Split(np.zeros((4, *spec.input_shape), dtype=np.uint8), np.zeros(4, dtype=np.int64), np.arange(4))
    model = build(spec, split.images)
    compute_in(model, policy_for(spec, model))
    compile_model(model, spec)
    targets = Targets(spec, split.labels)
    train = train_function(model, targets, batch_size=2, compiled=compiles())
    train(split.images, split.labels, tf.range(4), tf.zeros(2), tf.constant(0), tf.constant(1))
    test_function(model, targets, split)()
    # The next network's layers are named as in a fresh process.
    keras.utils.clear_session()
