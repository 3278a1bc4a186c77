"""Small stand-ins for the large datasets, and the specs that take them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from specs.dataset import DATASETS, Dataset
from specs.experiment import ExperimentSpec, parse_spec

CIFAR10 = Dataset("cifar10", (32, 32, 3), ("cat", "dog", "frog"), (12, 10, 8), (4, 5, 6))
FASHION = Dataset("fashion_mnist", (28, 28, 1), ("Coat", "Bag"), (10, 10), (5, 5))
TINY: Mapping[str, Dataset] = {**DATASETS, "cifar10": CIFAR10, "fashion_mnist": FASHION}
MODEL = {"layers": [{"type": "Flatten"}, {"type": "Dense"}]}
TRAINING = {"batch_size": 2}


def spec_of(dataset: Mapping[str, Any], **splits: Any) -> ExperimentSpec:
    """An experiment on a dataset of `TINY`."""
    document = {"dataset": dataset, "model": MODEL, "training": TRAINING, **splits}
    return parse_spec(document, TINY)


def arrays_of(dataset: Dataset) -> dict[str, np.ndarray[Any, Any]]:
    """In Keras's layout; the first byte of an image is its place in the split, the last one its label."""
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    for split, counts in (("train", dataset.training_counts), ("test", dataset.test_counts)):
        labels = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
        images = np.zeros((len(labels), *(dataset.image_shape or ())), np.uint8)
        images[:, 0, 0, 0], images[:, -1, -1, -1] = np.arange(len(labels)), labels
        keras_has_it_flat = images.shape[-1] == 1
        arrays[f"x_{split}"] = images[..., 0] if keras_has_it_flat else images
        arrays[f"y_{split}"] = labels.astype(np.uint8) if keras_has_it_flat else labels[:, None]
    return arrays


def written(folder: Path, dataset: Dataset) -> Path:
    file = folder / f"{dataset.name}.npz"
    np.savez(file, **arrays_of(dataset))  # type: ignore[arg-type]
    return file
