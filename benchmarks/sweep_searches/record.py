"""Record `recorded.json`: the curves of small convolutional Keras networks on 1,500 images of MNIST, one for each point
of a space of four dimensions.

DATASETS_DIR=... python -m benchmarks.sweep_searches.record
"""

from typing import Any

import keras
import numpy as np
import orjson

from benchmarks.sweep_searches.tables import EPOCHS, RECORDED, mnist, points
from specs.sweep import Point
from specs.sweep.space import identify

_RATES = (0.0001, 0.0004, 0.0016, 0.0064, 0.025, 0.1)
_FILTERS = (2, 4, 8)
_DROPOUTS = (0.0, 0.5)
_SEARCHED: dict[str, Any] = {
    "rate": {"$search": {"int": [0, len(_RATES) - 1]}},
    "filters": {"$search": {"int": [0, len(_FILTERS) - 1]}},
    "dropout": {"$search": {"int": [0, len(_DROPOUTS) - 1]}},
    "optimizer": {"$search": {"choice": ["Adam", "SGD"]}},
}


def main() -> None:
    found = mnist(2500)
    if found is None:
        raise SystemExit("DATASETS_DIR has no mnist.npz")
    images, labels = found[0].reshape(-1, 14, 14, 1).astype(np.float32), found[1]
    curves = {}
    for point in points(_SEARCHED):
        keras.utils.set_random_seed(0)
        network = build(point)
        history = network.fit(
            *(images[:1500], labels[:1500]),
            validation_data=(images[1500:], labels[1500:]),
            batch_size=64,
            epochs=EPOCHS,
            verbose=0,
        )
        curves[identify(point)] = [round(float(each), 4) for each in history.history["val_accuracy"]]
        keras.backend.clear_session()
        print(len(curves), point, max(curves[identify(point)]), flush=True)
    RECORDED.write_bytes(orjson.dumps({"searched": _SEARCHED, "curves": curves}))


def build(point: Point) -> keras.Model:
    rate = _RATES[point["rate"]]
    layers = [
        keras.layers.Input((14, 14, 1)),
        keras.layers.Conv2D(_FILTERS[point["filters"]], 3, activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
        keras.layers.Dropout(_DROPOUTS[point["dropout"]]),
        keras.layers.Dense(10, activation="softmax"),
    ]
    network = keras.Sequential(layers)
    optimizer = keras.optimizers.Adam(rate) if point["optimizer"] == "Adam" else keras.optimizers.SGD(rate, 0.9)
    network.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], steps_per_execution=24)
    return network


if __name__ == "__main__":
    main()
