"""Datasets as arrays: whole, or as the splits of an experiment."""

from worker.data.dataset import load_dataset
from worker.data.source import DatasetUnavailable, Source
from worker.data.split import Images, Indices, Labels, Split, Splits
from worker.data.splits import AddedSource, load_splits

__all__ = [
    "AddedSource",
    "DatasetUnavailable",
    "Images",
    "Indices",
    "Labels",
    "Source",
    "Split",
    "Splits",
    "load_dataset",
    "load_splits",
]
