"""Sweeps that have gone on: their trials are experiments whose results are made up."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ulid import ULID

from models_store.experiments.claim import TrainingClaim
from models_store.experiments.places import TrialId
from models_store.experiments.points import MetricValues, Point
from models_store.experiments.record import Progress
from models_store.frozen import utc_now
from models_store.jobs.failure import Failure
from models_store.store import Store
from models_store.sweeps.record import SweepRecord, SweepStatus
from models_store.sweeps.trial import Trial, TrialStatus
from specs import sweep as sweeps
from specs.experiment import parse_spec
from tests.page.shots.documents import JsonObject
from tests.page.trained import digits_network
from tests.support.published import stage
from worker.sweeps.repeats import conclude, repeated_points

EPOCHS = 9
DIGITS: JsonObject = {
    "dataset": {"name": "digits"},
    "preprocessing": {"scale": "unit"},
    "model": {
        "layers": [
            {"type": "Flatten"},
            {"type": "Dense", "units": {"$search": {"int": [8, 256], "log": True}}, "activation": "relu"},
            {"type": "Dropout", "rate": {"$search": {"float": [0.0, 0.5]}}},
            {"type": "Dense"},
        ]
    },
    "training": {
        "epochs": EPOCHS,
        "batch_size": {"$search": {"choice": [16, 32, 64, 128]}},
        "optimizer": {
            "type": {"$search": {"choice": ["Adam", "SGD", "RMSprop"]}},
            "learning_rate": {"$search": {"float": [1e-5, 0.3], "log": True}},
        },
    },
}
IMPORTANCE = {
    "training.optimizer.learning_rate": 0.61,
    "model.layers.1.units": 0.18,
    "training.optimizer.type": 0.12,
    "training.batch_size": 0.06,
    "model.layers.2.rate": 0.03,
}


def value_of(point: JsonObject, random: np.random.Generator) -> float:
    """Best near a learning rate of 0.003, with many units."""
    distance = abs(math.log10(point["training.optimizer.learning_rate"]) + 2.5)
    width = math.log2(point["model.layers.1.units"]) / 8
    noise = float(random.normal(0, 0.006))
    return round(min(0.998, max(0.1, 0.93 - 0.07 * distance**2 + 0.05 * width + noise)), 4)


def start(store: Store, name: str, **members: Any) -> SweepRecord:
    """A sweep without trials."""
    document = {"name": name, "method": "random", "experiment": DIGITS, **members}
    return store.sweeps.create(sweeps.parse_sweep(document), checked=40)


@dataclass
class Swept:
    """Trials of one sweep, which are added in the order of their numbers."""

    store: Store
    id: str
    worker: str = "test:1"
    trials: list[Trial] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(5)
        self._sweep = self.store.sweeps.read(self.id)

    def succeed(self, value: float | None = None, repeat_of: int | None = None, **point: Any) -> Trial:
        seed = None if repeat_of is None else 1 + sum(each.repeat_of == repeat_of for each in self.trials)
        claim, trial = self._begin(point, repeat_of, seed)
        value = value_of(trial.point, self._random) if value is None else value
        points = _curve(EPOCHS, value, self._random)
        claim.begin_history(points)
        metrics: MetricValues = {"val_accuracy": value, "val_loss": round(1.1 - value, 4)}
        staged = stage(claim.attempt_folder / "staged", network=digits_network())
        record = claim.succeed(staged, "completed", points[-1], metrics, {"accuracy": value})
        return self._add(trial.close(record, "val_accuracy").replace(seconds=11.5, ended_at=utc_now()))

    def prune(self, epochs: int = 3, **point: Any) -> Trial:
        claim, trial = self._begin(point)
        value = round(value_of(trial.point, self._random) * 0.8, 4)
        claim.begin_history(_curve(EPOCHS, value, self._random)[:epochs])
        record = claim.prune(f"val_accuracy {value:.4g} after {epochs} epochs; the best third have at least 0.93")
        return self._add(trial.close(record, "val_accuracy").replace(value=value, seconds=3.8, ended_at=utc_now()))

    def fail(self) -> Trial:
        claim, trial = self._begin({})
        record = claim.fail(Failure(type="diverged", message="diverged: the loss became nan in epoch 2"))
        return self._add(trial.close(record, "val_accuracy"))

    def run(self, epochs: int = 4) -> TrainingClaim:
        claim, trial = self._begin({})
        claim.begin_history(_curve(EPOCHS, value_of(trial.point, self._random), self._random)[:epochs])
        claim.show(Progress(phase="training", epoch=epochs, epochs=EPOCHS, step=2, steps_per_epoch=16))
        self._add(trial)
        return claim

    def wait(self) -> Trial:
        return self._add(self._create({}))

    def reject(self) -> Trial:
        """A point without a valid spec."""
        trial = Trial(number=len(self.trials), point=self._draw({}), experiment_id=None)
        return self._add(trial.reject("training.batch_size: 128 exceeds the 100 training samples"))

    def write(self, status: SweepStatus = SweepStatus.RUNNING, **update: Any) -> SweepRecord:
        """The sweep with these trials. One that has succeeded has a conclusion."""
        with self.store.sweeps.lock(self.id) as record:
            changed = record.replace(trials=tuple(self.trials), **update)
            changed = changed.replace(repeated=repeated_points(changed))
            if status is SweepStatus.SUCCEEDED:
                changed = changed.end(status, conclusion=conclude(changed))
            return self.store.sweeps.write(changed.replace(status=status))

    def _add(self, trial: Trial) -> Trial:
        self.trials.append(trial)
        return trial

    def _draw(self, members: JsonObject) -> JsonObject:
        units = self._random.uniform(size=len(self._sweep.spec.space.dimensions))
        return {**self._sweep.spec.space.at(list(units)), **members}

    def _create(self, members: JsonObject, repeat_of: int | None = None, seed: int | None = None) -> Trial:
        number = len(self.trials)
        point = self._draw(members) if repeat_of is None else self.trials[repeat_of].point
        trial = Trial(
            number=number,
            point=point,
            experiment_id=str(ULID()),
            repeat_of=repeat_of,
            seed=seed,
            is_created=True,
            status=TrialStatus.OPEN,
        )
        spec = parse_spec(self._sweep.spec.trial_document(point, number, seed))
        self.store.experiments.create(spec, place=TrialId(self.id, number, trial.experiment_id or ""))
        return trial

    def _begin(
        self, members: JsonObject, repeat_of: int | None = None, seed: int | None = None
    ) -> tuple[TrainingClaim, Trial]:
        trial = self._create(members, repeat_of, seed)
        claim = TrainingClaim.acquire(self.store.training_jobs, trial.experiment_id or "", worker=self.worker)
        assert claim is not None
        return claim, trial


def _curve(epochs: int, value: float, random: np.random.Generator) -> list[Point]:
    """A history that rises to `value`."""
    reached = [value * (1 - 0.7 * math.exp(-4 * (epoch + 1) / epochs)) for epoch in range(epochs)]
    noise = random.normal(0, 0.006, epochs)
    return [
        Point(
            epoch=epoch,
            seconds=1.2,
            metrics={"val_accuracy": round(float(each + noise[epoch]), 4), "val_loss": round(1.2 - each, 4)},
        )
        for epoch, each in enumerate(reached)
    ]
