"""How good the published network is on every part, and what it answered there."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from models_store.artifacts import EVALUATION_FILE
from models_store.evaluations.predictions import PARTS, PartName, Predictions, predictions_of, write_predictions
from models_store.experiments.record import Metrics
from models_store.files import write_synced
from worker.data import Images, Parts
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
    """`evaluation` by part, as `GET /experiments/{id}/evaluation` answers it; `predictions` by part; `temperature` and
    `confidence` as fitted on the validation part."""

    evaluation: dict[PartName, dict[str, Any]]
    predictions: dict[PartName, Predictions]
    temperature: float
    confidence: Confidence

    def summary(self, part: PartName, prefix: str = "") -> Metrics:
        return {f"{prefix}{name}": self.evaluation[part][name] for name in ("loss", "accuracy")}

    def write(self, folder: Path) -> None:
        """Raises OSError."""
        write_synced(folder / EVALUATION_FILE, orjson.dumps(self.evaluation))
        for part, predictions in self.predictions.items():
            write_predictions(folder, part, predictions)


def evaluate(
    answer: Callable[[Images], Probabilities], parts: Parts, labels: Sequence[str], training_precision: str
) -> Results:
    """`answer` is the network, which gives (samples, classes) of the classes `labels`, each row summing to 1; it was
    trained in `training_precision`."""
    answered = {name: answer(part.images) for name, part in zip(PARTS, parts, strict=True)}
    temperature = fitted_temperature(answered["validation"], parts.validation.labels)
    confidence = fitted_confidence(tempered(answered["validation"], temperature), parts.validation.labels)
    evaluation: dict[PartName, dict[str, Any]] = {}
    predictions: dict[PartName, Predictions] = {}
    for name, part in zip(PARTS, parts, strict=True):
        evaluation[name] = {
            "part": name,
            **figures(answered[name], part.labels, labels),
            "calibration": calibration(answered[name], part.labels, temperature),
            "training_precision": training_precision,
        }
        predictions[name] = predictions_of(part.samples, part.labels, answered[name], part.images)
    return Results(evaluation, predictions, temperature, confidence)
