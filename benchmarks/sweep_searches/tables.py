"""Spaces of which the curve of every point is known: trained once, then looked up.

Three are of networks of scikit-learn and are kept in `var/sweep-curves`; the fourth is a table of Keras networks that
`record.py` has written. A rate, a width and a batch size are given by their place in a list, so that every search knows
their order.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from sklearn.datasets import load_digits, make_blobs
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from specs.sweep import Point, parse_sweep
from specs.sweep.space import Space, identify

EPOCHS = 27
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
UNITS = (4, 8, 16, 32, 64)
BATCH_SIZES = (16, 32, 64, 128, 256)
SEARCHED: dict[str, Any] = {
    "rate": {"$search": {"int": [0, len(RATES) - 1]}},
    "units": {"$search": {"int": [0, len(UNITS) - 1]}},
    "batch_size": {"$search": {"int": [0, len(BATCH_SIZES) - 1]}},
}
RECORDED = Path(__file__).with_name("recorded.json")
_CACHE = Path("var/sweep-curves")


@dataclass(frozen=True)
class Table:
    """`searched` is the `experiment` of a sweep; `curves` are validation accuracies by epoch, by the point."""

    name: str
    searched: dict[str, Any]
    curves: dict[str, list[float]]

    @property
    def space(self) -> Space:
        return parse_sweep({"experiment": self.searched}).space

    def curve(self, point: Point) -> list[float]:
        return self.curves[identify({name: point[name] for name in self.searched})]

    @property
    def best(self) -> float:
        return max(map(max, self.curves.values()))


def points(searched: dict[str, Any]) -> Iterator[Point]:
    space = parse_sweep({"experiment": searched}).space
    return map(space.grid_point, range(space.size or 0))


def tables() -> Iterator[Table]:
    digits = load_digits()
    yield _trained("digits", digits.data / 16, digits.target)
    yield _trained("blobs", *make_blobs(1000, centers=4, cluster_std=2.0, random_state=2))
    if (images := mnist(2000)) is not None:
        yield _trained("mnist", *images)
    if RECORDED.is_file():
        recorded = orjson.loads(RECORDED.read_bytes())
        yield Table("recorded", recorded["searched"], recorded["curves"])


def mnist(count: int) -> tuple[NDArray[np.float64], NDArray[np.int64]] | None:
    """The first images of its training split, at 14 x 14 pixels; None where DATASETS_DIR has no mnist.npz."""
    file = Path(os.environ.get("DATASETS_DIR", "")) / "mnist.npz"
    if not file.is_file():
        return None
    with np.load(file) as arrays:
        images = arrays["x_train"][:count, ::2, ::2].reshape(count, -1) / 255
        return images, arrays["y_train"][:count].astype(np.int64)


def _trained(name: str, samples: NDArray[np.float64], labels: NDArray[np.int64]) -> Table:
    file = _CACHE / f"{name}.json"
    if file.is_file():
        return Table(name, SEARCHED, orjson.loads(file.read_bytes()))
    splits = train_test_split(samples, labels, test_size=0.3, random_state=0, stratify=labels)
    curves = {identify(point): list(_train(point, splits)) for point in points(SEARCHED)}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(orjson.dumps(curves))
    return Table(name, SEARCHED, curves)


def _train(point: Point, splits: list[Any]) -> Iterator[float]:
    """The validation accuracy after each epoch; 0 once it has diverged."""
    training, validation, labels, expected = splits
    network = MLPClassifier(
        (UNITS[point["units"]],),
        solver="sgd",
        learning_rate_init=RATES[point["rate"]],
        batch_size=BATCH_SIZES[point["batch_size"]],
        random_state=0,
    )
    has_diverged = False
    for _ in range(EPOCHS):
        try:
            if not has_diverged:
                network.partial_fit(training, labels, classes=np.unique(labels))
            yield 0.0 if has_diverged else round(float(network.score(validation, expected)), 4)
        except ValueError:
            has_diverged = True
            yield 0.0
