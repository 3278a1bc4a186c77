"""Keras in this process, for the tests of the trainer's parts."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import orjson
import pytest

from models_store.experiments.stored_spec import StoredSpec
from specs.experiment import ExperimentSpec
from worker.jobs.channel import Channel
from worker.jobs.messages import StartingWeights, TrainingJob


class Supervised:
    """The supervisor's end of a trainer that runs in this process."""

    def __init__(self) -> None:
        self._said = io.BytesIO()
        self.channel = Channel(self._said, io.BytesIO())

    @property
    def events(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self._said.getvalue().splitlines()]

    @property
    def result(self) -> dict[str, Any]:
        """What the finished training reported."""
        event = self.events[-1]
        assert event["type"] == "finished", event
        result: dict[str, Any] = event["result"]
        return result

    def points(self) -> list[dict[str, Any]]:
        """What the epochs brought, without their durations."""
        points = [event["point"] for event in self.events if event["type"] == "epoch"]
        return [{name: value for name, value in point.items() if name != "seconds"} for point in points]


@pytest.fixture
def supervised() -> Supervised:
    return Supervised()


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., TrainingJob]:
    """Make the job of an attempt: `job(spec, attempt=2)`."""

    def make(spec: ExperimentSpec, attempt: int = 1, weights: StartingWeights | str | None = None) -> TrainingJob:
        folder = tmp_path / "attempts" / str(attempt)
        folder.mkdir(parents=True, exist_ok=True)
        return TrainingJob(
            experiment_id="01K6W3E8Z4T5V6X7Y8Z9A0B1C2",
            spec=StoredSpec.of(spec),
            attempts_folder=folder.parent,
            attempt_folder=folder,
            datasets_dir=None,
            weights=weights,
        )

    return make
