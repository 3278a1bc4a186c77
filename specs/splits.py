"""The names of splits, of which there are three kinds.

- `SourceSplit`: how a dataset comes. The folders of an upload, the arrays of a file of Keras's.
- `SplitName`: what an experiment trains, validates and tests on. Its `dataset.split` cuts them out of the source.
- `EvaluatedSplit`: which samples of another dataset a trained network is evaluated on: those of one source split, or
  all.
"""

from typing import Literal

SourceSplit = Literal["train", "test", "validation"]
# In the order in which the samples of a dataset are numbered; the store holds indices of it.
SOURCE_SPLITS: tuple[SourceSplit, ...] = ("train", "test", "validation")

SplitName = Literal["training", "validation", "test"]
SPLITS: tuple[SplitName, ...] = ("training", "validation", "test")

EvaluatedSplit = Literal["all", SourceSplit]
