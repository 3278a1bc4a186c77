"""A whole dataset, before anything is taken of it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from specs.dataset import Dataset
from worker.data.split import Images, Indices, Labels


class DatasetUnavailable(Exception):
    """The dataset's files are not here, cannot be had, or are not what they should be."""


class Source(NamedTuple):
    """`labels` are those of all samples, (samples,), in the order of the dataset's classes; the first `training` of
    them are no official test samples, the others are.

    `read` gives the samples at the indices it is given, in that order, so that what is not taken need not be read.
    """

    labels: Labels
    training: int
    read: Callable[[Indices], Images]

    def holds(self, dataset: Dataset) -> bool:
        """True if there are as many samples of each class as the facts say, by which parts are sized."""
        none = (0,) * len(dataset.classes)
        return self._counts(dataset) == (dataset.training_counts, dataset.test_counts or none)

    def _counts(self, dataset: Dataset) -> tuple[tuple[int, ...], ...]:
        halves = self.labels[: self.training], self.labels[self.training :]
        return tuple(tuple(np.bincount(half, minlength=len(dataset.classes)).tolist()) for half in halves)
