"""Trains imaging/digits/detector.npz, in half a minute on one core, and reports how well it tells digits from the rest.

Digits: MNIST's first 50,000 training images, also rotated, sheared, moved, thickened and blurred, and drawn ones
(imaging.augmentation.synthetic_digits). The rest: letters, symbols, rows of digits and blots as of
imaging.augmentation.outlier_exposure, and digits on their side or head that are no digit then.

DATASETS_DIR=... python -m benchmarks.digit_detector [--write]
"""

import argparse
import os
import warnings
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from imaging.augmentation.outlier_exposure import make_outlier
from imaging.augmentation.synthetic_digits import draw_digit
from imaging.digits.detector import WEIGHTS, detector_input

Images = NDArray[np.uint8]  # (n, 28, 28)
DIGITS, OUTLIERS = 20_000, 8_000  # of each kind
KINDS = ("letters", "symbols", "rows", "shapes")
TURNED = {1: (1, 3), 2: (1, 3), 3: (1, 2, 3), 4: (1, 2, 3), 5: (1, 3), 7: (1, 2, 3)}  # quarters that leave no digit
THRESHOLDS = (0.1, 0.25, 0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the detector of single digits.")
    parser.add_argument("--write", action="store_true", help=f"replace {WEIGHTS.name}")
    write = parser.parse_args().write
    with np.load(Path(os.environ["DATASETS_DIR"]) / "mnist.npz") as file:
        images, labels, test, test_classes = (file[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    known, validation, classes = images[:50_000], images[50_000:], labels[:50_000]
    generator = np.random.default_rng(0)
    digits = single_digits(known, generator)
    others = [outliers(kind, known, classes, OUTLIERS, generator) for kind in (*KINDS, "turned")]
    others = [np.concatenate([each[::2], varied(each[1::2], generator)]) for each in others]
    network = MLPClassifier((96, 32), alpha=1e-3, batch_size=256, learning_rate_init=2e-3, max_iter=20, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        truth = np.repeat([1, 0], [len(digits), sum(map(len, others))])
        network.fit(detector_input(np.concatenate([digits, *others])), truth)
    report("MNIST, validation", network, validation)
    report("MNIST, test", network, test)
    for kind in (*KINDS, "turned"):
        report(kind, network, outliers(kind, test, test_classes, 1_000, generator))
    if write:
        pairs = zip(network.coefs_, network.intercepts_, strict=True)
        arrays = [array.astype(np.float16) for pair in pairs for array in pair]
        np.savez_compressed(WEIGHTS, *arrays)
        print(f"{WEIGHTS}: {WEIGHTS.stat().st_size:,} bytes")


def single_digits(known: Images, generator: np.random.Generator) -> Images:
    """Half as many as they are in MNIST, as many varied, a third as many drawn."""
    plain, moved = (known[generator.choice(len(known), count)] for count in (DIGITS // 2, DIGITS))
    drawn = [draw_digit(number % 10, generator) for number in range(DIGITS // 3)]
    return np.concatenate([plain, varied(moved, generator), np.stack(drawn)])


def outliers(
    kind: str, known: Images, classes: NDArray[np.uint8], count: int, generator: np.random.Generator
) -> Images:
    if kind == "turned":
        return turned(known, classes, count, generator)
    some = known[generator.choice(len(known), 512)][..., None]
    return np.stack([make_outlier(kind, some, np.zeros(512, np.int64), generator)[..., 0] for _ in range(count)])


def turned(known: Images, classes: NDArray[np.uint8], count: int, generator: np.random.Generator) -> Images:
    chosen = generator.permutation(np.flatnonzero(np.isin(classes, list(TURNED))))
    quarters = [int(generator.choice(TURNED[int(classes[index])])) for index in chosen[:count]]
    return np.stack([np.rot90(known[index], turns) for index, turns in zip(chosen, quarters, strict=False)])


def varied(images: Images, generator: np.random.Generator) -> Images:
    out = np.empty_like(images)
    for index, image in enumerate(images):
        place = cv2.getRotationMatrix2D((14, 14), generator.uniform(-10, 10), generator.uniform(0.93, 1.05))
        place[0, 1] += generator.uniform(-0.15, 0.15)
        place[:, 2] = place[:, 2] + generator.uniform(-1, 1, 2)
        moved = cv2.warpAffine(image, place, (28, 28))
        way = generator.random()
        if way < 0.2:
            moved = cv2.dilate(moved, np.ones((2, 2), np.uint8))
        elif way < 0.3:
            moved = cv2.GaussianBlur(moved, (0, 0), 0.6)
        out[index] = moved
    return out


def report(name: str, network: MLPClassifier, images: Images) -> None:
    scores = network.predict_proba(detector_input(images))[:, 1]
    shares = ", ".join(f"{(scores >= threshold).mean():.4f} from {threshold}" for threshold in THRESHOLDS)
    print(f"{name} ({len(images)}): taken for one digit {shares}", flush=True)


if __name__ == "__main__":
    main()
