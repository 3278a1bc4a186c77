"""Augmentation on one core, microseconds per image: ours compared with Keras's layers of the same arguments.

Keras's layers run as a compiled graph over the whole batch, which is their fastest mode. Two differences remain: they
return float32 and ours uint8, and RandAugment draws its operations once per batch there and once per image here.

python benchmarks/augmentation.py
"""

import os
import time
import warnings
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from imaging.augmentation import Augmentation
from specs.augmentation import AugmentationSpec

BATCH = 256
SECONDS = 0.5  # at least, for each measurement
ROUNDS = 3  # of which the best counts
SHAPES = ((28, 28, 1), (32, 32, 3), (64, 64, 3))
Layers = list[dict[str, Any]]
ROTATION = {"type": "RandomRotation", "factor": 0.1}
TRANSLATION = {"type": "RandomTranslation", "height_factor": 0.1, "width_factor": 0.1}
ZOOM = {"type": "RandomZoom", "height_factor": 0.1}
FLIP = {"type": "RandomFlip", "mode": "horizontal"}
BRIGHTNESS = {"type": "RandomBrightness", "factor": 0.2}
CONTRAST = {"type": "RandomContrast", "factor": 0.2}
STACKS: list[Layers] = [
    [FLIP],
    [ROTATION],
    [TRANSLATION],
    [ZOOM],
    [{"type": "RandomShear", "x_factor": 0.2, "y_factor": 0.2}],
    [{"type": "RandomCrop", "padding": 4}],
    [BRIGHTNESS],
    [CONTRAST],
    [{"type": "RandomErasing"}],
    [{"type": "GaussianNoise", "stddev": 0.1}],
    [{"type": "MixUp"}],
    [{"type": "CutMix"}],
    [{"type": "RandAugment"}],
    [{"type": "ElasticDistortion"}],
    [ROTATION, TRANSLATION, ZOOM],
    [FLIP, {"type": "RandomCrop", "padding": 4}],
    [FLIP, ROTATION, TRANSLATION, ZOOM, BRIGHTNESS, CONTRAST],
]


def main() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    cv2.setNumThreads(1)
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    print(f"{'us per image, one core':96} {'shape':>9} {'ours':>8} {'Keras':>8} {'ratio':>6}")
    for layers in STACKS:
        for shape in SHAPES:
            images = np.random.default_rng(0).integers(0, 256, (BATCH, *shape), dtype=np.uint8)
            ours, theirs = microseconds(ours_of(layers, images)), microseconds(keras_of(layers, images))
            name = " + ".join(layer["type"] for layer in layers)
            size = "x".join(map(str, shape))
            print(f"{name:96} {size:>9} {ours:8.1f} {theirs:8.1f} {theirs / ours:6.1f}", flush=True)


def ours_of(layers: Layers, images: np.ndarray) -> Callable[[], object]:
    spec = AugmentationSpec.model_validate({"layers": layers})
    augmentation = Augmentation([layer.model_dump() for layer in spec.layers], classes=10)
    labels, generator = np.arange(BATCH) % 10, np.random.default_rng(0)
    return lambda: augmentation(images, labels, generator)


def keras_of(layers: Layers, images: np.ndarray) -> Callable[[], object]:
    import tensorflow as tf

    made = [keras_layer(layer, images.shape) for layer in layers]
    mixes = any(layer["type"] in ("MixUp", "CutMix") for layer in layers)
    labels = tf.one_hot(np.arange(BATCH) % 10, 10)

    @tf.function  # type: ignore[untyped-decorator]
    def change(batch: Any) -> Any:
        values = tf.cast(batch, tf.float32)
        for layer in made:
            values = layer({"images": values, "labels": labels})["images"] if mixes else layer(values, training=True)
        return values

    batch = tf.constant(images)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        change(batch)
    return lambda: change(batch).numpy()


def keras_layer(layer: dict[str, Any], shape: tuple[int, ...]) -> Any:
    import keras

    fields = {name: value for name, value in layer.items() if name != "type"}
    if layer["type"] == "ElasticDistortion":
        return keras.layers.RandomElasticTransform()
    if layer["type"] == "GaussianNoise":
        return keras.layers.GaussianNoise(layer["stddev"])
    if layer["type"] == "RandomCrop":
        padding = layer["padding"]
        return keras.Sequential([keras.layers.ZeroPadding2D(padding), keras.layers.RandomCrop(*shape[1:3])])
    return getattr(keras.layers, layer["type"])(**fields)


def microseconds(change: Callable[[], object]) -> float:
    change()
    best = float("inf")
    for _ in range(ROUNDS):
        calls, started = 0, time.perf_counter()
        while time.perf_counter() - started < SECONDS / ROUNDS:
            change()
            calls += 1
        best = min(best, (time.perf_counter() - started) / calls)
    return best / BATCH * 1e6


if __name__ == "__main__":
    main()
