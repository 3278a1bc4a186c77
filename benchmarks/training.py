"""Speed of the trainer's loop, compared with `Model.fit` on float32 arrays, as in tutorials, and with Keras on JAX.

Each run is a process of its own; the runs of a round are consecutive, and ratios are medians over rounds. An epoch is
training and validation; the first one, which compiles, does not count.

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

SCRIPTS = Path(__file__).parent / "training_scripts"
MOVED = {
    "layers": [
        {"type": "RandomRotation", "factor": 0.03},
        {"type": "RandomTranslation", "height_factor": 0.1, "width_factor": 0.1},
    ]
}
# Script, Keras's backend, and precision and augmentation of the spec.
VARIANTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "tutorial's fit": ("keras_fit.py", "tensorflow", {}),
    "ours, float32": ("loop.py", "tensorflow", {"precision": "float32"}),
    "ours, auto": ("loop.py", "tensorflow", {}),
    "auto, augmented": ("loop.py", "tensorflow", {"augmentation": MOVED}),
    "Keras on JAX": ("keras_fit.py", "jax", {}),
}


def main() -> None:
    for name in NETWORKS:
        rounds = [{variant: measure(name, *how) for variant, how in VARIANTS.items()} for _ in range(ROUNDS)]
        print(f"\n{name}, {samples_of(name):,} samples, batch 128; medians of {ROUNDS} rounds")
        for variant in VARIANTS:
            seconds = statistics.median(each[variant][0] for each in rounds)
            ratio = statistics.median(each["tutorial's fit"][0] / each[variant][0] for each in rounds)
            accuracy = statistics.median(each[variant][1] for each in rounds)
            print(
                f"{variant:16} {seconds:7.3f} s per epoch  x {ratio:5.2f}   validation accuracy {accuracy:.4f}   "
                f"{rounds[0][variant][2]}",
                flush=True,
            )


def samples_of(network: str) -> int:
    return 54_000 if network == "mnist-dnn" else SAMPLES


def measure(network: str, script: str, backend: str, fields: dict[str, Any]) -> tuple[float, float, str]:
    """Seconds per epoch, validation accuracy after the last one, and precision."""
    spec = {
        "dataset": {"name": "mnist"},
        "model": {"layers": NETWORKS[network]},
        "training": {"epochs": EPOCHS, "batch_size": 128, "precision": fields.get("precision", "auto")},
        "augmentation": fields.get("augmentation"),
    }
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-P", str(SCRIPTS / script), json.dumps(spec), str(samples_of(network))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    printed = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if not printed:
        raise SystemExit(done.stderr)
    seconds, accuracy, policy = json.loads(printed[-1].removeprefix("RESULT "))
    return statistics.median(seconds[1:]), accuracy, policy


if __name__ == "__main__":
    main()
