"""A training in this process by the product's own trainer, with everything that it leaves behind."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from unittest import mock

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf
from pydantic import BaseModel

from models_store.evaluations.evaluation import Evaluation, read_evaluations
from models_store.evaluations.predictions import Predictions, read_predictions
from models_store.experiments.points import Point
from models_store.experiments.stored_spec import StoredSpec
from models_store.jobs.failure import FailureType
from specs.experiment import ExperimentSpec
from specs.splits import SPLITS, SplitName
from worker.data import Labels, Split, Splits, load_splits
from worker.jobs.channel import Channel
from worker.jobs.messages import EpochEnded, Failed, Finished, TrainingJob
from worker.training import train

EXPERIMENT = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"


class Trained(NamedTuple):
    """`evaluations` and `predictions` are empty, and `stop_reason` is None, if the training failed."""

    points: list[Point]
    stop_reason: str | None
    failure: FailureType | None
    evaluations: dict[SplitName, Evaluation]
    predictions: dict[SplitName, Predictions]


class _Recorder(Channel):
    def __init__(self) -> None:
        super().__init__(BytesIO(), BytesIO())
        self.reported: list[BaseModel] = []

    def report(self, event: BaseModel) -> None:
        self.reported.append(event)


def train_here(spec: ExperimentSpec, datasets_dir: Path | None, labels: Labels | None = None) -> Trained:
    """`labels` are given instead of the dataset's own, by the numbers of its samples."""
    recorder = _Recorder()
    with TemporaryDirectory() as folder, _relabeled(labels):
        attempt = Path(folder) / "attempts" / "1"
        attempt.mkdir(parents=True)
        job = TrainingJob(
            experiment_id=EXPERIMENT,
            spec=StoredSpec.of(spec),
            attempts_folder=attempt.parent,
            attempt_folder=attempt,
            datasets_dir=datasets_dir,
        )
        # What it warns of here, that functions are traced again for each network, is what is wanted.
        tf.get_logger().setLevel("ERROR")
        train.run(job, recorder)
        keras.utils.clear_session()
        points = [event.point for event in recorder.reported if isinstance(event, EpochEnded)]
        last = recorder.reported[-1]
        if isinstance(last, Failed):
            return Trained(points, None, last.failure.type, {}, {})
        assert isinstance(last, Finished)
        result = last.result
        predictions = {split: read_predictions(result.staged, split) for split in SPLITS}
        return Trained(points, result.stop_reason, None, read_evaluations(result.staged), predictions)


@contextmanager
def _relabeled(labels: Labels | None) -> Iterator[None]:
    if labels is None:
        yield
        return

    def load(*arguments: Any) -> Splits:
        splits = load_splits(*arguments)
        return Splits(*(Split(split.images, labels[split.samples], split.samples) for split in splits))

    with mock.patch.object(train, "load_splits", load):
        yield
