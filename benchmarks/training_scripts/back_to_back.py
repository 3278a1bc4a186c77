"""Trains one small network after the other, as a tutorial does: `Model.fit` on float32 arrays, evaluation, both files.

python benchmarks/training_scripts/back_to_back.py SPEC_AS_JSON RUNS
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import classification_report
from sklearn.model_selection import train_test_split


def train(document: dict[str, Any], seed: int) -> None:
    keras.utils.set_random_seed(seed)
    digits = load_digits()
    images, labels = digits.images[..., None].astype("float32") / 16, digits.target
    x, x_test, y, y_test = train_test_split(images, labels, test_size=0.2, random_state=0, stratify=labels)
    x, x_val, y, y_val = train_test_split(x, y, test_size=0.125, random_state=0, stratify=y)
    layers = [{**each} for each in document["model"]["layers"]]
    layers[-1] |= {"units": 10, "activation": "softmax"}
    model = keras.Sequential(
        [keras.Input(x.shape[1:]), *(getattr(keras.layers, each.pop("type"))(**each) for each in layers)]
    )
    training = document["training"]
    optimizer = keras.optimizers.Adam(training["optimizer"]["learning_rate"])
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(
        x, y, batch_size=training["batch_size"], epochs=training["epochs"], validation_data=(x_val, y_val), verbose=0
    )
    for split, truth in ((x, y), (x_val, y_val), (x_test, y_test)):
        predicted = model.predict(split, verbose=0)
        classification_report(truth, np.argmax(predicted, axis=1), output_dict=True)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        model.export(Path(folder) / "model.onnx", format="onnx", verbose=False)
    keras.utils.clear_session()


def main() -> None:
    document, runs = json.loads(sys.argv[1]), int(sys.argv[2])
    train(document, seed=0)
    started = time.perf_counter()
    for seed in range(runs):
        train(document, seed)
    print("SECONDS", time.perf_counter() - started)


if __name__ == "__main__":
    main()
