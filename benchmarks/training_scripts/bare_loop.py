"""Trains, evaluates and exports one experiment with the trainer's functions alone: no history, no checkpoints.

DATASETS_DIR=... python benchmarks/training_scripts/bare_loop.py SPEC_AS_JSON
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import tensorflow as tf

from specs.experiment import parse_spec
from worker.data import load_splits
from worker.evaluation.evaluate import evaluate
from worker.training.compiling import compile_model
from worker.training.epochs import Resident
from worker.training.export import export
from worker.training.network import build, with_softmax
from worker.training.steps import predict_function, test_function, train_function
from worker.training.targets import Targets

started = time.perf_counter()
spec = parse_spec(json.loads(sys.argv[1]))
splits = load_splits(spec, Path(os.environ["DATASETS_DIR"]))
model = build(spec, splits.training.images)
compile_model(model, spec)
targets, batch_size = Targets(spec, splits.training.labels), spec.training.batch_size
train, check = train_function(model, targets, batch_size), test_function(model, targets, splits.validation)
epochs = Resident(splits.training, batch_size, spec.training.seed)
schedule = spec.training.learning_rate_schedule(epochs.steps)
for epoch in range(spec.training.epochs):
    rates = tf.constant([schedule.at(epoch * epochs.steps + step) for step in range(epochs.steps)], tf.float32)
    model.reset_metrics()
    for stretch in epochs.stretches(epoch, 0):
        train(stretch.images, stretch.labels, stretch.order, rates, tf.constant(0), tf.constant(stretch.end))
    model.reset_metrics()
    check()
served = with_softmax(model, spec)
results = evaluate(predict_function(served), splits, spec.dataset.facts.classes, "float32")
staged = Path(tempfile.mkdtemp()) / "staged"
staged.mkdir()
export(served, spec, splits.validation.images, results.temperature, results.confidence, staged)
print("SECONDS", time.perf_counter() - started, results.evaluations["test"].accuracy)
