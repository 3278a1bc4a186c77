"""How good the published network is on every split, and what it answered there."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from models_store.evaluations.evaluation import Evaluation, write_evaluations
from models_store.evaluations.predictions import Predictions, predictions_of, write_predictions
from models_store.experiments.record import MetricValues
from specs.splits import SPLITS, SplitName
from worker.data import Images, Splits
from worker.evaluation.calibration import (
    Confidence,
    Probabilities,
    calibrate,
    fitted_confidence,
    fitted_temperature,
    tempered,
)
from worker.evaluation.metrics import compute_metrics


class Results(NamedTuple):
    """`evaluations` and `predictions` by split; `temperature` and `confidence` as fitted on the validation split."""

    evaluations: dict[SplitName, Evaluation]
    predictions: dict[SplitName, Predictions]
    temperature: float
    confidence: Confidence

    def summary(self, split: SplitName, prefix: str = "") -> MetricValues:
        evaluation = self.evaluations[split]
        return {f"{prefix}loss": evaluation.loss, f"{prefix}accuracy": evaluation.accuracy}

    def write(self, folder: Path) -> None:
        """Raises OSError."""
        write_evaluations(folder, self.evaluations)
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
    evaluations: dict[SplitName, Evaluation] = {}
    predictions: dict[SplitName, Predictions] = {}
    for name, split in zip(SPLITS, splits, strict=True):
        evaluations[name] = Evaluation(
            **dict(compute_metrics(answered[name], split.labels, labels)),
            split=name,
            calibration=calibrate(answered[name], split.labels, temperature),
            training_precision=training_precision,
        )
        predictions[name] = predictions_of(split.samples, split.labels, answered[name], split.images)
    return Results(evaluations, predictions, temperature, confidence)
