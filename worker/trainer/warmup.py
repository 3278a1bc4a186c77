"""What a spare trainer can do before it has a job: all of TensorFlow's first times."""

import keras
import numpy as np
import tensorflow as tf

from specs.experiment import parse_spec
from worker.trainer.compiling import compile_model
from worker.trainer.data import Part
from worker.trainer.fit import test_function, train_function
from worker.trainer.network import build

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
    part = Part(np.zeros((4, *spec.network().input_shape), dtype=np.uint8), np.zeros(4, dtype=np.int64))
    model = build(spec, part.images)
    compile_model(model, spec)
    train_function(model, part, batch_size=2)(tf.range(4), tf.constant(0), tf.constant(1))
    test_function(model, part)()
    # The next network's layers are named as in a fresh process.
    keras.utils.clear_session()
