"""How good the published network is on every split, and what it answered there."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from models_store.artifacts import EVALUATION_FILE
from models_store.evaluations.predictions import SPLITS, Predictions, SplitName, predictions_of, write_predictions
from models_store.experiments.record import Metrics
from models_store.files import write_synced
from worker.data import Images, Splits
from worker.evaluation.calibration import (
    Confidence,
    Probabilities,
    calibration,
    fitted_confidence,
    fitted_temperature,
    tempered,
)
from worker.evaluation.metrics import figures


class Results(NamedTuple):
    """`evaluation` by split, as `GET /experiments/{id}/evaluation` answers it; `predictions` by split; `temperature`
    and `confidence` as fitted on the validation split."""

    evaluation: dict[SplitName, dict[str, Any]]
    predictions: dict[SplitName, Predictions]
    temperature: float
    confidence: Confidence

    def summary(self, split: SplitName, prefix: str = "") -> Metrics:
        return {f"{prefix}{name}": self.evaluation[split][name] for name in ("loss", "accuracy")}

    def write(self, folder: Path) -> None:
        """Raises OSError."""
        write_synced(folder / EVALUATION_FILE, orjson.dumps(self.evaluation))
        for split, predictions in self.predictions.items():
            write_predictions(folder, split, predictions)


def evaluate(
    answer: Callable[[Images], Probabilities], splits: Splits, labels: Sequence[str], training_precision: str
) -> Results:
    """`answer` is the network, which gives (samples, classes) of the classes `labels`, each row summing to 1; it was
    trained in `training_precision`."""
    answered = {name: answer(split.images) for name, split in zip(SPLITS, splits, strict=True)}
    temperature = fitted_temperature(answered["validation"], splits.validation.labels)
    confidence = fitted_confidence(tempered(answered["validation"], temperature), splits.validation.labels)
    evaluation: dict[SplitName, dict[str, Any]] = {}
    predictions: dict[SplitName, Predictions] = {}
    for name, split in zip(SPLITS, splits, strict=True):
        evaluation[name] = {
            "split": name,
            **figures(answered[name], split.labels, labels),
            "calibration": calibration(answered[name], split.labels, temperature),
            "training_precision": training_precision,
        }
        predictions[name] = predictions_of(split.samples, split.labels, answered[name], split.images)
    return Results(evaluation, predictions, temperature, confidence)
