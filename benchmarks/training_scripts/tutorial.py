"""Trains the network of the preset mnist-dnn as a tutorial does: `Model.fit` on float32 arrays.

DATASETS_DIR=... python benchmarks/training_scripts/tutorial.py EPOCHS
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import keras
import numpy as np

started = time.perf_counter()
with np.load(Path(os.environ["DATASETS_DIR"]) / "mnist.npz") as data:
    x, y = data["x_train"].astype("float32"), keras.utils.to_categorical(data["y_train"])
    x_test, y_test = data["x_test"].astype("float32"), keras.utils.to_categorical(data["y_test"])
layers = keras.layers
model = keras.Sequential(
    [
        keras.Input((28, 28)),
        layers.Flatten(),
        layers.Dense(64, "relu"),
        layers.Dense(16, "relu"),
        layers.Dense(10, "softmax"),
    ]
)
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, batch_size=128, epochs=int(sys.argv[1]), validation_split=0.1, verbose=0)
accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
folder = Path(tempfile.mkdtemp())
model.save(folder / "model.keras")
model.export(folder / "model.onnx", format="onnx", verbose=False)
print("SECONDS", time.perf_counter() - started, accuracy)
