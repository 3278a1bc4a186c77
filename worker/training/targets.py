"""From the labels of a batch to what its answers are compared with, and how much each sample counts."""

import numpy as np
import tensorflow as tf

from specs.class_weights import weights_by_class
from specs.experiment import ExperimentSpec
from worker.data import Labels
from worker.training.compiling import compares_with_indices, mixes_labels


class Targets:
    """Labels are class indices, int64 (samples,), or shares of the classes, float32 (samples, classes).

    `signature` is which of the two the training split's are.
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

    def compared(self, labels: tf.Tensor) -> tf.Tensor:
        """What the loss and the accuracy that were compiled take."""
        return labels if self._indices else self._shares(labels)

    def weights(self, labels: tf.Tensor) -> tf.Tensor | None:
        """Of each sample in the loss, float32 (samples,); a mixed one weighs as much of each class as is in it."""
        if self._weights is None:
            return None
        return tf.linalg.matvec(self._shares(labels), self._weights)

    def _shares(self, labels: tf.Tensor) -> tf.Tensor:
        return labels if labels.dtype.is_floating else tf.one_hot(labels, self._classes)
