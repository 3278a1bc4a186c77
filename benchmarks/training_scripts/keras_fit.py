"""Trains the network of one experiment by `Model.fit` on float32 arrays, as in tutorials, on any backend of Keras.

DATASETS_DIR=... KERAS_BACKEND=... python benchmarks/training_scripts/keras_fit.py SPEC_AS_JSON SAMPLES
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import keras

from specs.experiment import parse_spec
from worker.data import load_splits


class EpochTimes(keras.callbacks.Callback):  # type: ignore[misc] # Keras has no types
    """Seconds of each epoch, with its validation."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.seconds.append(time.perf_counter() - self._started)


document, samples = json.loads(sys.argv[1]), int(sys.argv[2])
training, validation, _ = load_splits(parse_spec(document), Path(os.environ["DATASETS_DIR"]))
x, y = training.images[:samples].astype("float32") / 255, training.labels[:samples]
x_val, y_val = validation.images[: samples // 9].astype("float32") / 255, validation.labels[: samples // 9]
keras.utils.set_random_seed(0)
layers = [getattr(keras.layers, each.pop("type"))(**each) for each in document["model"]["layers"]]
model = keras.Sequential([keras.Input(x.shape[1:]), *layers])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
times = EpochTimes()
epochs, batch_size = document["training"]["epochs"], document["training"]["batch_size"]
history = model.fit(
    x, y, batch_size=batch_size, epochs=epochs, validation_data=(x_val, y_val), verbose=0, callbacks=[times]
)
print("RESULT", json.dumps([times.seconds, history.history["val_accuracy"][-1], "float32"]))
