"""The datasets as arrays, in three splits."""

from worker.data.source import DatasetUnavailable, Source
from worker.data.split import Images, Indices, Labels, Split, Splits
from worker.data.splits import load_splits
from worker.data.whole import whole

__all__ = ["DatasetUnavailable", "Images", "Indices", "Labels", "Source", "Split", "Splits", "load_splits", "whole"]
