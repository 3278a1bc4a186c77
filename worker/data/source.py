"""A dataset as it comes: its labels in memory, its images read on demand."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from specs.dataset import Dataset
from worker.data.split import Images, Indices, Labels


class DatasetUnavailable(Exception):
    """The dataset's files are missing, cannot be downloaded, or do not hold what they should."""


class Source(NamedTuple):
    """`labels` (samples,) are class indices of the whole dataset, its train split first, which has `training` samples;
    the others are its test split.

    `read` returns the samples at the given indices, in that order: samples that are not used need not be read.
    """

    labels: Labels
    training: int
    read: Callable[[Indices], Images]

    def matches(self, dataset: Dataset) -> bool:
        """Whether each class has as many samples as the facts say, from which splits are sized."""
        none = (0,) * len(dataset.classes)
        return self._counts(dataset) == (dataset.training_counts, dataset.test_counts or none)

    def _counts(self, dataset: Dataset) -> tuple[tuple[int, ...], ...]:
        halves = self.labels[: self.training], self.labels[self.training :]
        return tuple(tuple(np.bincount(half, minlength=len(dataset.classes)).tolist()) for half in halves)
