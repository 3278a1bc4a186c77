"""Datasets: the built-in ones, the selection of classes and samples, and the split."""

from specs.dataset.addition import AddedDataset
from specs.dataset.blobs import BlobsSpec
from specs.dataset.built_in import DATASETS
from specs.dataset.facts import CORRECTIONS_SUFFIX, NAME_PATTERN, Dataset, unknown_dataset
from specs.dataset.selection import check_class
from specs.dataset.spec import DatasetSpec
from specs.dataset.split import SplitSizes, SplitSpec

__all__ = [
    "CORRECTIONS_SUFFIX",
    "DATASETS",
    "NAME_PATTERN",
    "AddedDataset",
    "BlobsSpec",
    "Dataset",
    "DatasetSpec",
    "SplitSizes",
    "SplitSpec",
    "check_class",
    "unknown_dataset",
]
