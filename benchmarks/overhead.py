"""What the service adds to a training of a minute: an experiment beside two plain scripts of the same work.

The bare loop is the trainer's own loop with nothing around it: no supervisor, no history, no checkpoint, no progress.
The tutorial is `Model.fit` on float32 arrays. All three train, validate each epoch, evaluate, and save both files.

DATASETS_DIR=... python benchmarks/overhead.py [EPOCHS]
"""

import subprocess
import sys
from datetime import datetime

from specs.presets import PRESETS
from tests.support.service import Service, measured_service

EPOCHS = int(sys.argv[1]) if len(sys.argv) > 1 else 60
SPEC = {**PRESETS["mnist-dnn"].spec, "training": {"epochs": EPOCHS, "batch_size": 128}}
ROUNDS = 2

BARE = """
import os, pathlib, tempfile, time
import numpy as np, tensorflow as tf
from specs.experiment import parse_spec
from worker.data import load_parts
from worker.evaluation.evaluate import evaluate
from worker.training.export import export
from worker.training.compiling import compile_model
from worker.training.epochs import Resident
from worker.training.steps import test_function, train_function
from worker.training.targets import Targets
from worker.training.network import build
started = time.perf_counter()
spec = parse_spec(SPEC)
training, validation, test = load_parts(spec, pathlib.Path(os.environ["DATASETS_DIR"]))
model = build(spec, training.images)
compile_model(model, spec)
targets, batch_size = Targets(spec, training.labels), spec.training.batch_size
train, check = train_function(model, targets, batch_size), test_function(model, targets, validation)
epochs = Resident(training, batch_size, spec.training.seed)
rates = tf.fill([epochs.steps], spec.training.optimizer.learning_rate)
for epoch in range(spec.training.epochs):
    model.reset_metrics()
    for first, end, images, labels, order in epochs.stretches(epoch, 0):
        train(images, labels, order, rates, tf.constant(0), tf.constant(end))
    model.reset_metrics()
    check()
figures = {part: evaluate(model, data, spec.dataset.facts.classes, part)
           for part, data in (("validation", validation), ("test", test))}
export(model, spec, validation.images, figures, pathlib.Path(tempfile.mkdtemp()) / "staged")
print("SECONDS", time.perf_counter() - started, figures["test"]["accuracy"])
"""

TUTORIAL = """
import os, pathlib, tempfile, time
import keras, numpy as np
started = time.perf_counter()
with np.load(pathlib.Path(os.environ["DATASETS_DIR"]) / "mnist.npz") as data:
    x, y = data["x_train"].astype("float32"), keras.utils.to_categorical(data["y_train"])
    xt, yt = data["x_test"].astype("float32"), keras.utils.to_categorical(data["y_test"])
model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(64, "relu"),
                          keras.layers.Dense(16, "relu"), keras.layers.Dense(10, "softmax")])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, batch_size=128, epochs=SPEC["training"]["epochs"], validation_split=0.1, verbose=0)
accuracy = model.evaluate(xt, yt, verbose=0)[1]
folder = pathlib.Path(tempfile.mkdtemp())
model.save(folder / "model.keras")
model.export(folder / "model.onnx", format="onnx", verbose=False)
print("SECONDS", time.perf_counter() - started, accuracy)
"""


def main() -> None:
    with measured_service() as service:
        service.start_api()
        service.start_worker()
        rounds = [(experiment(service), script(BARE), script(TUTORIAL)) for _ in range(ROUNDS)]
    print(f"mnist-dnn, {EPOCHS} epochs, wall time and test accuracy; the scripts' time begins after their imports")
    for number, (ours, bare, tutorial) in enumerate(rounds, 1):
        print(
            f"round {number}: experiment {ours[0]:6.1f} s {ours[1]:.4f}   bare loop {bare[0]:6.1f} s {bare[1]:.4f}   "
            f"tutorial {tutorial[0]:6.1f} s {tutorial[1]:.4f}   over the bare loop {ours[0] / bare[0]:.3f} "
            f"(target < 1.05)   over the tutorial {ours[0] / tutorial[0]:.3f}"
        )


def experiment(service: Service) -> tuple[float, float]:
    """Seconds from the POST to the end, by the record's own times, and the test accuracy."""
    experiment_id = service.post(SPEC)
    # Followed as a user would: asking again and again would take the trainer's processor.
    with service.http.stream("GET", f"/experiments/{experiment_id}/events", timeout=600) as events:
        assert any(line == "event: end" for line in events.iter_lines())
    record = service.get(experiment_id)
    assert record["status"] == "succeeded", record["error"]
    began, ended = (datetime.fromisoformat(record[name]) for name in ("created_at", "ended_at"))
    return (ended - began).total_seconds(), record["test_metrics"]["accuracy"]


def script(source: str) -> tuple[float, float]:
    command = [sys.executable, "-c", f"SPEC = {SPEC!r}\n{source}"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    _, seconds, accuracy = next(line for line in printed.splitlines() if line.startswith("SECONDS")).split()
    return float(seconds), float(accuracy)


if __name__ == "__main__":
    main()
