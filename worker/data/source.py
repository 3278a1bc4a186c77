"""A dataset as it comes: its labels in memory, its images read on demand."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from specs.dataset import Dataset
from specs.splits import SOURCE_SPLITS, SourceSplit
from worker.data.split import Images, Indices, Labels


class DatasetUnavailable(Exception):
    """The dataset's files are missing, cannot be downloaded, or do not hold what they should."""


class Source(NamedTuple):
    """`labels` (samples,) are class indices of the whole dataset: its train split first, which has `training` samples,
    then its test split; the last `validation` samples are its validation split.

    `read` returns the samples at the given indices, in that order: samples that are not used need not be read.
    """

    labels: Labels
    training: int
    read: Callable[[Indices], Images]
    validation: int = 0

    def indices(self, split: SourceSplit) -> Indices:
        """The samples of one of its own splits."""
        ends = {"train": self.training, "test": len(self.labels) - self.validation, "validation": len(self.labels)}
        starts = {"train": 0, "test": self.training, "validation": ends["test"]}
        return np.arange(starts[split], ends[split])

    def matches(self, dataset: Dataset) -> bool:
        """Whether each class has as many samples as the facts say, from which splits are sized."""
        none = (0,) * len(dataset.classes)
        stated = (dataset.training_counts, dataset.test_counts or none, dataset.validation_counts or none)
        return all(self._counts(split, len(none)) == each for split, each in zip(SOURCE_SPLITS, stated, strict=True))

    def _counts(self, split: SourceSplit, classes: int) -> tuple[int, ...]:
        return tuple(np.bincount(self.labels[self.indices(split)], minlength=classes).tolist())
