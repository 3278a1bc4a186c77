"""Targets and sample weights of a batch, from its labels."""

import numpy as np
import tensorflow as tf

from specs.class_weights import weights_by_class
from specs.experiment import ExperimentSpec
from worker.data import Labels
from worker.training.compiling import compares_with_indices, mixes_labels


class Targets:
    """Labels are class indices, int64 (samples,), or class probabilities, float32 (samples, classes). `signature` is
    that of the training split's labels.
    """

    def __init__(self, spec: ExperimentSpec, training_labels: Labels) -> None:
        classes = spec.dataset.facts.classes
        self._classes = len(classes)
        self._indices = compares_with_indices(spec)
        self.signature = (
            tf.TensorSpec((None, self._classes), tf.float32) if mixes_labels(spec) else tf.TensorSpec((None,), tf.int64)
        )
        self._weights: tf.Tensor | None = None
        if spec.training.class_weight is not None:
            counts = np.bincount(training_labels, minlength=self._classes).tolist()
            weights = weights_by_class(spec.training.class_weight, classes, counts)
            self._weights = tf.constant(weights, dtype=tf.float32)

    def encode(self, labels: tf.Tensor) -> tf.Tensor:
        """The targets in the form that the compiled loss and accuracy take."""
        return labels if self._indices else self._shares(labels)

    def weights(self, labels: tf.Tensor) -> tf.Tensor | None:
        """In the loss, float32 (samples,), None if all are 1; a mixed sample has the mean weight of its classes."""
        if self._weights is None:
            return None
        return tf.linalg.matvec(self._shares(labels), self._weights)

    def _shares(self, labels: tf.Tensor) -> tf.Tensor:
        return labels if labels.dtype.is_floating else tf.one_hot(labels, self._classes)
