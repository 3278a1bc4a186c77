"""Trains one experiment with the trainer's loop.

DATASETS_DIR=... python benchmarks/training_scripts/loop.py SPEC_AS_JSON SAMPLES
"""

import io
import json
import os
import sys
from pathlib import Path

from specs.experiment import parse_spec
from worker.data import Split, load_splits
from worker.jobs.channel import Channel
from worker.training.checkpoint import Checkpoint
from worker.training.compiling import compile_model
from worker.training.fit import Fit
from worker.training.network import build
from worker.training.precision import choose_policy, set_precision


def first(split: Split, count: int) -> Split:
    return Split(split.images[:count], split.labels[:count], split.samples[:count])


spec, samples = parse_spec(json.loads(sys.argv[1])), int(sys.argv[2])
splits = load_splits(spec, Path(os.environ["DATASETS_DIR"]))
training, validation = first(splits.training, samples), first(splits.validation, samples // 9)
model = build(spec, training.images)
policy = choose_policy(spec, model)
set_precision(model, policy)
accuracy = compile_model(model, spec, policy)
saved: list[Checkpoint] = []
Fit(model, accuracy, training, validation, spec, policy, Channel(io.BytesIO(), io.BytesIO()), saved.append).run()
points = saved[-1].points
print("RESULT", json.dumps([[each.seconds for each in points], points[-1].metrics["val_accuracy"], policy]))
