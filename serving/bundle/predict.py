"""Asks the network in this folder, as the service would: `python predict.py four.png`.

Needs Python 3.11, numpy, Pillow and ONNX Runtime, and the package `imaging` beside it, which is the service's own.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.decode import decode
from imaging.errors import ImageError
from imaging.preparation import PreparedImage, prepare_image
from serving.session import Session

Sample = bytes | Sequence[float]
_TOP = 3


class BadSample(Exception):
    """Not what the network takes."""


class Model:
    """For any number of threads."""

    def __init__(self, folder: Path | None = None) -> None:
        """Reads `folder`, that of this file if left out. Raises RuntimeError if ONNX Runtime here does not answer as
        that of the service did."""
        folder = folder or Path(__file__).resolve().parent
        self._serving = _document(folder / "serving.json")
        self._preprocessing = _document(folder / "preprocessing.json")
        self.labels: list[str] = _document(folder / "labels.json")
        self.shape = tuple(self._preprocessing["image_shape"])
        self.takes_images = len(self.shape) == 3
        self._session = Session(folder / "model.onnx", self._serving["input_name"], self._serving["temperature"])
        self._session.check_probe(self.shape, self._serving["probe"])

    def predict(self, sample: Sample) -> dict[str, Any]:
        """What the network takes `sample` for: the bytes of a PNG, JPEG or WebP, or where it takes no images its
        features. Returns the three most probable classes (`top`), the `margin` between the first two, the `verdict`
        and the `preprocessing` as POST /predict does. Raises BadSample, imaging.errors.ImageError."""
        ready = self._prepared(sample)
        row = self.probabilities(ready.array[None])[0]
        order = np.argsort(-row, kind="stable")[:_TOP].tolist()
        top = [{"label": self.labels[i], "index": i, "probability": round(float(row[i]), 6)} for i in order]
        first = top[0]["probability"]
        return {
            "top": top,
            "margin": round(first - top[1]["probability"], 6) if top[1:] else 1.0,
            "verdict": self._verdict(first, ready.may_be_digit),
            "preprocessing": {"steps": list(ready.steps)},
        }

    def probabilities(self, samples: NDArray[Any]) -> NDArray[np.float32]:
        """(batch, *shape), uint8 images or float32 features, to (batch, classes), float32: what the network answers,
        made to mean what it says by the temperature that was fitted on the validation split."""
        return self._session.probabilities(samples)

    def _prepared(self, sample: Sample) -> PreparedImage:
        if not isinstance(sample, bytes):
            return PreparedImage(self._features(sample), ())
        if not self.takes_images:
            raise BadSample(f"received an image, expected {self.shape[0]} numbers")
        how = self._preprocessing
        return prepare_image(decode(sample, how["max_pixels"]), self.shape, how["resize"], how["digit_form"])

    def _features(self, values: Sequence[float]) -> NDArray[Any]:
        if self.takes_images:
            raise BadSample(f"received {len(values)} numbers, expected the bytes of a PNG, JPEG or WebP image")
        if self.shape != (len(values),):
            raise BadSample(f"received {len(values)} numbers, expected {self.shape[0]} for a sample")
        features = np.array(values, dtype=np.float32)
        if not np.isfinite(features).all():
            raise BadSample(f"received {list(values)}, expected numbers that float32 can hold")
        return features

    def _verdict(self, probability: float, may_be_digit: bool) -> str:
        if not may_be_digit:
            return "not_a_digit"
        return "confident" if probability >= self._serving["confident_from"] else "unsure"


def main(arguments: Sequence[str]) -> int:
    """Print a line of JSON for each image, or for the one sample of numbers. Returns the exit status: 1 if a sample
    cannot be read, 2 if none was named."""
    if not arguments or arguments[0] in {"-h", "--help"}:
        print("usage: python predict.py IMAGE...   or   python predict.py NUMBER...", file=sys.stderr)
        return 0 if arguments else 2
    model = Model()
    named = [(each, each) for each in arguments] if model.takes_images else [("features", arguments)]
    failed = False
    for name, given in named:
        try:
            sample = Path(given).read_bytes() if isinstance(given, str) else _numbers(given)
            answer = model.predict(sample)
        except (OSError, ImageError, BadSample) as error:
            answer, failed = {"error": str(error)}, True
        print(json.dumps({"sample": name, **answer}))
    return int(failed)


def _numbers(given: Sequence[str]) -> list[float]:
    try:
        return [float(each) for each in given]
    except ValueError as error:
        raise BadSample(f"expected numbers: {error}") from error


def _document(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
