"""Wrong labels are planted into MNIST and CIFAR-10, a network is trained on them, and the samples are counted whose
labels are reported as possibly wrong: precision and recall of each split, and of networks too poor to say so.

Precision is the share of the reported samples whose label was changed; wrong labels that these datasets have of their
own count against it. Recall is the share of the changed labels that were reported.

DATASETS_DIR=... python -P benchmarks/suspect_labels.py [--full]

The short mode takes a tenth of MNIST, once; `--full` all rates on both datasets (some minutes). Without DATASETS_DIR,
the short mode takes scikit-learn's digits.
"""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.misclassified import suspects
from benchmarks.accuracy import prepare_datasets
from benchmarks.short_runs.training import Trained, train_here
from specs.experiment import parse_spec
from specs.splits import SPLITS
from worker.data import Labels
from worker.data.built_in import open_built_in

_CLASSES = 10
ROW = "{:<9} {:>5} {:>8}  {:<10} {:>8} {:>8} {:>8} {:>9} {:>7}"


class Planted(NamedTuple):
    """`labels` are those of all samples of the dataset, and `is_wrong` tells which of them were changed."""

    labels: Labels
    is_wrong: NDArray[np.bool_]


class Counts(NamedTuple):
    planted: int
    reported: int
    found: int

    @property
    def precision(self) -> float:
        return self.found / self.reported if self.reported else float("nan")

    @property
    def recall(self) -> float:
        return self.found / self.planted if self.planted else float("nan")


def main() -> None:
    parser = argparse.ArgumentParser(description="How well wrong labels are found.")
    parser.add_argument("--full", action="store_true", help="1, 5 and 10 percent of MNIST and CIFAR-10")
    is_full = parser.parse_args().full
    print(ROW.format("dataset", "wrong", "accuracy", "split", "planted", "reported", "found", "precision", "recall"))
    with TemporaryDirectory() as folder:
        given = Path(os.environ.get("DATASETS_DIR", folder))
        has_mnist = (given / "mnist.npz").exists()
        datasets = prepare_datasets(Path(folder), given) if is_full else given
        names = ["mnist", "cifar10"] if is_full else ["mnist" if has_mnist else "digits"]
        for name in names:
            for rate in (0.01, 0.05, 0.1) if is_full else (0.05,):
                show(name, rate, datasets)
            show(name, 0.05, datasets, is_poor=True)


def show(name: str, rate: float, datasets: Path, is_poor: bool = False) -> None:
    planted = plant(name, rate, datasets)
    trained = train_here(parse_spec(document(name, is_poor)), datasets, planted.labels)
    accuracy = f"{trained.evaluations['test'].accuracy:.3f}"
    for split, counts in count(trained, planted):
        figures = (counts.planted, counts.reported, counts.found, f"{counts.precision:.2f}", f"{counts.recall:.2f}")
        print(ROW.format(name, f"{rate:.0%}", accuracy, split, *figures), flush=True)


def plant(name: str, rate: float, datasets: Path) -> Planted:
    """Exchange `rate` of all labels, at random, for one of the other classes each."""
    spec = parse_spec(document(name))
    labels = open_built_in(spec.dataset.source, datasets).labels.copy()
    generator = np.random.default_rng(round(1_000 * rate))
    is_wrong = generator.random(len(labels)) < rate
    shift = generator.integers(1, _CLASSES, len(labels))
    labels[is_wrong] = (labels + shift)[is_wrong] % _CLASSES
    return Planted(labels, is_wrong)


def document(name: str, is_poor: bool = False) -> dict[str, Any]:
    conv = {"type": "Conv2D", "kernel_size": 3, "padding": "same", "activation": "relu"}
    filters = {"digits": [16], "mnist": [16, 32], "cifar10": [32, 64, 64]}[name]
    blocks = [layer for each in filters for layer in ({**conv, "filters": each}, {"type": "MaxPooling2D"})]
    dense = {"type": "Dense", "units": 64, "activation": "relu"}
    body = [*blocks, {"type": "Flatten"}, {"type": "Dropout", "rate": 0.3}, dense]
    datasets: dict[str, dict[str, Any]] = {
        "digits": {"name": "digits"},
        "mnist": {"name": "mnist", "limit_per_class": 700},
        "cifar10": {"name": "cifar10", "limit_per_class": 1_500},
    }
    return {
        "dataset": {**datasets[name], "split": {"validation": 0.3}},
        "model": {"layers": [*([{"type": "Flatten"}] if is_poor else body), {"type": "Dense"}]},
        "training": {
            "epochs": 1 if is_poor else {"digits": 20, "mnist": 8, "cifar10": 10}[name],
            "batch_size": 64,
            "optimizer": {"type": "SGD" if is_poor else "Adam", "learning_rate": 1e-3},
        },
    }


def count(trained: Trained, planted: Planted) -> Iterator[tuple[str, Counts]]:
    for split in SPLITS:
        predictions = trained.predictions[split]
        is_wrong, is_suspect = planted.is_wrong[predictions.samples], suspects(predictions)
        found = int(np.count_nonzero(is_wrong & is_suspect))
        yield split, Counts(int(np.count_nonzero(is_wrong)), int(np.count_nonzero(is_suspect)), found)


if __name__ == "__main__":
    main()
