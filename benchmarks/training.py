"""How fast the trainer's loop is: beside `Model.fit` on float32 arrays, as tutorials have it, and Keras on JAX.

Each run is a process of its own; the runs of a round follow each other, and the ratios are medians over rounds. An
epoch is training and validation; the first one, which compiles, does not count.

DATASETS_DIR=... python benchmarks/training.py [SAMPLES [ROUNDS]]
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

SAMPLES = int(sys.argv[1]) if len(sys.argv) > 1 else 8_000  # of the convolutional networks; the others take all
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
EPOCHS = 3

Layer = dict[str, Any]


def conv(filters: int, size: int, padding: str = "valid") -> Layer:
    return {"type": "Conv2D", "filters": filters, "kernel_size": size, "padding": padding, "activation": "relu"}


def dense(units: int, activation: str = "relu") -> Layer:
    return {"type": "Dense", "units": units, "activation": activation}


POOL, BN, FLAT = {"type": "MaxPooling2D"}, {"type": "BatchNormalization"}, {"type": "Flatten"}
ANSWER = dense(10, "softmax")
NETWORKS: dict[str, list[Layer]] = {
    "mnist-dnn": [FLAT, dense(64), dense(16), ANSWER],
    "mnist-cnn": [conv(64, 2, "same"), POOL, conv(128, 2, "same"), POOL, FLAT, ANSWER],
    "mnist-cnn-bn": [
        *(conv(64, 3), conv(64, 3), POOL, BN),
        *(conv(128, 3), conv(128, 3), POOL, BN),
        *(conv(256, 3), POOL, BN, FLAT, dense(512), ANSWER),
    ],
}

OURS = """
import io, os, pathlib
from specs.experiment import parse_spec
from worker.training.compiling import compile_model
from worker.jobs.channel import Channel
from worker.data import Part, load_parts
from worker.training.fit import Fit
from worker.training.network import build
from worker.training.precision import set_precision, choose_policy
spec = parse_spec(SPEC)
training, validation, _ = load_parts(spec, pathlib.Path(os.environ["DATASETS_DIR"]))
training = Part(*(array[:SAMPLES] for array in training))
validation = Part(*(array[:SAMPLES // 9] for array in validation))
model = build(spec, training.images)
policy = choose_policy(spec, model)
set_precision(model, policy)
channel, saved = Channel(io.BytesIO(), io.BytesIO()), []
accuracy = compile_model(model, spec, policy)
Fit(model, accuracy, training, validation, spec, policy, channel, saved.append).run()
points = saved[-1].points
result = [each.seconds for each in points], points[-1].metrics["val_accuracy"], policy
"""

TUTORIAL = """
import os, pathlib, time
import keras, numpy as np
from specs.experiment import parse_spec
from worker.data import load_parts
training, validation, _ = load_parts(parse_spec(SPEC), pathlib.Path(os.environ["DATASETS_DIR"]))
x, y = training.images[:SAMPLES].astype("float32") / 255, training.labels[:SAMPLES]
xv, yv = validation.images[:SAMPLES // 9].astype("float32") / 255, validation.labels[:SAMPLES // 9]
keras.utils.set_random_seed(0)
layers = [getattr(keras.layers, each.pop("type"))(**each) for each in map(dict, SPEC["model"]["layers"])]
model = keras.Sequential([keras.Input(x.shape[1:]), *layers])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
class Clock(keras.callbacks.Callback):
    seconds = []
    def on_epoch_begin(self, epoch, logs=None): self.began = time.perf_counter()
    def on_epoch_end(self, epoch, logs=None): self.seconds.append(time.perf_counter() - self.began)
history = model.fit(x, y, batch_size=128, epochs=SPEC["training"]["epochs"], validation_data=(xv, yv), verbose=0,
                    callbacks=[Clock()])
result = Clock.seconds, history.history["val_accuracy"][-1], "float32"
"""

MOVED = {
    "layers": [
        {"type": "RandomRotation", "factor": 0.03},
        {"type": "RandomTranslation", "height_factor": 0.1, "width_factor": 0.1},
    ]
}
# Source, Keras's backend, and what the spec has beside dataset and network.
VARIANTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "tutorial's fit": (TUTORIAL, "tensorflow", {}),
    "ours, float32": (OURS, "tensorflow", {"precision": "float32"}),
    "ours, auto": (OURS, "tensorflow", {}),
    "auto, augmented": (OURS, "tensorflow", {"augmentation": MOVED}),
    "Keras on JAX": (TUTORIAL, "jax", {}),
}


def main() -> None:
    for name in NETWORKS:
        rounds = [{variant: measured(name, *how) for variant, how in VARIANTS.items()} for _ in range(ROUNDS)]
        print(f"\n{name}, {samples_of(name):,} samples, batch 128; medians of {ROUNDS} rounds")
        for variant in VARIANTS:
            seconds = statistics.median(each[variant][0] for each in rounds)
            ratio = statistics.median(each["tutorial's fit"][0] / each[variant][0] for each in rounds)
            accuracy = statistics.median(each[variant][1] for each in rounds)
            print(
                f"{variant:16} {seconds:7.3f} s an epoch   x {ratio:5.2f}   validation accuracy {accuracy:.4f}   "
                f"{rounds[0][variant][2]}",
                flush=True,
            )


def samples_of(network: str) -> int:
    return 54_000 if network == "mnist-dnn" else SAMPLES


def measured(network: str, source: str, backend: str, wanted: dict[str, Any]) -> tuple[float, float, str]:
    """Seconds an epoch, validation accuracy after the last, and the precision."""
    spec = {
        "dataset": {"name": "mnist"},
        "model": {"layers": NETWORKS[network]},
        "training": {"epochs": EPOCHS, "batch_size": 128, "precision": wanted.get("precision", "auto")},
        "augmentation": wanted.get("augmentation"),
    }
    script = (
        f"SPEC = {spec!r}\nSAMPLES = {samples_of(network)}\n{source}\nimport json\nprint('RESULT', json.dumps(result))"
    )
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    printed = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if not printed:
        raise SystemExit(done.stderr)
    seconds, accuracy, policy = json.loads(printed[-1].removeprefix("RESULT "))
    return statistics.median(seconds[1:]), accuracy, policy


if __name__ == "__main__":
    main()
