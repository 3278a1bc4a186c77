"""Evaluation of a trained network on the splits of its own dataset."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from analysis.metrics import compute_metrics
from models_store.evaluations.evaluation import Evaluation, write_evaluations
from models_store.evaluations.predictions import Predictions, build_predictions, write_predictions
from models_store.experiments.points import MetricValues
from specs.splits import SPLITS, SplitName
from worker.data import Images, Splits
from worker.evaluation.calibration import (
    Confidence,
    Probabilities,
    fit_confidence,
    fit_temperature,
    measure_calibration,
    temper,
)


class Results(NamedTuple):
    """`evaluations` and `predictions` by split; `temperature` and `confidence` as fitted on the validation split."""

    evaluations: dict[SplitName, Evaluation]
    predictions: dict[SplitName, Predictions]
    temperature: float
    confidence: Confidence

    def summary(self, split: SplitName, prefix: str = "") -> MetricValues:
        evaluation = self.evaluations[split]
        return {f"{prefix}loss": evaluation.loss, f"{prefix}accuracy": evaluation.accuracy}

    def write(self, folder: Path, *, test_hidden: bool = False) -> None:
        """With `test_hidden` not even the sizes of files tell results on the test split. Raises OSError."""
        write_evaluations(folder, self.evaluations)
        for split, predictions in self.predictions.items():
            write_predictions(folder, split, predictions, hides_count=test_hidden and split == "test")


def evaluate(
    predict: Callable[[Images], Probabilities], splits: Splits, labels: Sequence[str], training_precision: str
) -> Results:
    """`predict` is the network: it returns (samples, classes) for the classes `labels`, each row summing to 1. It was
    trained in `training_precision`."""
    predicted = {name: predict(split.images) for name, split in zip(SPLITS, splits, strict=True)}
    temperature = fit_temperature(predicted["validation"], splits.validation.labels)
    confidence = fit_confidence(temper(predicted["validation"], temperature), splits.validation.labels)
    evaluations: dict[SplitName, Evaluation] = {}
    predictions: dict[SplitName, Predictions] = {}
    for name, split in zip(SPLITS, splits, strict=True):
        evaluations[name] = Evaluation(
            **dict(compute_metrics(predicted[name], split.labels, labels)),
            split=name,
            calibration=measure_calibration(predicted[name], split.labels, temperature),
            training_precision=training_precision,
        )
        predictions[name] = build_predictions(split.samples, split.labels, predicted[name], split.images)
    return Results(evaluations, predictions, temperature, confidence)
