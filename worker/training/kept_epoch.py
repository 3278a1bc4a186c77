"""The epoch whose weights will be published: the best one so far, or the last."""

import keras

from models_store.experiments.points import MetricValues, is_better
from specs.training import TrainingSpec
from worker.training.checkpoint import Arrays


class KeptEpoch:
    """`epoch` is None before the first one has ended."""

    def __init__(self, model: keras.Model, spec: TrainingSpec) -> None:
        self._model = model
        self._keep = spec.keep
        self._metric = spec.deciding_metric
        self._metrics: MetricValues = {}
        self.epoch: int | None = None
        self.weights: Arrays = []

    def restore(self, epoch: int | None, metrics: MetricValues, weights: Arrays) -> None:
        self.epoch, self._metrics, self.weights = epoch, metrics, weights

    def end_epoch(self, epoch: int, metrics: MetricValues) -> None:
        """Keep the weights that the model has now, which are those of `epoch`, unless an earlier one is better."""
        if self._keep == "last" or self.epoch is None or is_better(metrics, self._metrics, self._metric):
            self.restore(epoch, metrics, self._model.get_weights())
