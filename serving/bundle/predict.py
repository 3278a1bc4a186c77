"""Predicts with the network in this folder, as the service does: `python predict.py four.png`.

Needs Python 3.11, numpy, Pillow and ONNX Runtime, and `imaging` and `serving` beside it, which are the service's own.
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
from imaging.wide_colors import least_white
from serving.session import Session
from serving.verdict import verdict

Sample = bytes | Sequence[float]
_TOP = 3


class BadSample(Exception):
    """A sample of another kind or size than the network takes."""


class Model:
    """Safe for any number of threads."""

    def __init__(self, folder: Path | None = None) -> None:
        """From `folder`, by default that of this file. Raises RuntimeError if the network does not load, or does not
        answer its probe as in the service."""
        folder = folder or Path(__file__).resolve().parent
        self._serving = _read_json(folder / "serving.json")
        self._preprocessing = _read_json(folder / "preprocessing.json")
        self.labels: list[str] = _read_json(folder / "labels.json")
        self.shape = tuple(self._preprocessing["image_shape"])
        self.takes_images = len(self.shape) == 3
        self._session = Session(folder / "model.onnx", self._serving["input_name"], self._serving["temperature"])
        self._session.check_probe(self.shape, self._serving["probe"])

    def predict(self, sample: Sample) -> dict[str, Any]:
        """Classify `sample`: the bytes of a PNG, JPEG or WebP, or where the network takes no images its features.
        Returns the three most probable classes (`top`), the `margin` between the first two, the `verdict` and the
        `preprocessing` as POST /predict does. Raises BadSample, imaging.errors.ImageError."""
        ready = self._prepare(sample)
        marks = {"ignored_marks": ready.ignored_marks} if ready.ignored_marks else {}
        row = self.probabilities(ready.array[None])[0]
        order = np.argsort(-row, kind="stable")[:_TOP].tolist()
        top = [{"label": self.labels[i], "index": i, "probability": round(float(row[i]), 6)} for i in order]
        first = top[0]["probability"]
        return {
            "top": top,
            "margin": round(first - top[1]["probability"], 6) if top[1:] else 1.0,
            "verdict": verdict(first, self._serving["confident_from"], ready.finding, ready.ignored_marks),
            "preprocessing": {"steps": list(ready.steps), **marks},
        }

    def probabilities(self, samples: NDArray[Any]) -> NDArray[np.float32]:
        """(n, *shape), uint8 images or float32 features, to (n, classes), float32, calibrated by the temperature that
        was fitted on the validation split."""
        return self._session.probabilities(samples)

    def _prepare(self, sample: Sample) -> PreparedImage:
        if not isinstance(sample, bytes):
            return PreparedImage(self._features(sample), ())
        if not self.takes_images:
            raise BadSample(f"received an image, expected {self.shape[0]} numbers")
        how = self._preprocessing
        image = decode(sample, how["max_pixels"], least_white(how["white"]))
        return prepare_image(image, self.shape, how["resize"], how["digit_form"])

    def _features(self, values: Sequence[float]) -> NDArray[Any]:
        if self.takes_images:
            raise BadSample(f"received {len(values)} numbers, expected the bytes of a PNG, JPEG or WebP image")
        if self.shape != (len(values),):
            raise BadSample(f"received {len(values)} numbers, expected {self.shape[0]} for a sample")
        features = np.array(values, dtype=np.float32)
        if not np.isfinite(features).all():
            raise BadSample(f"received {list(values)}, expected numbers that float32 can hold")
        return features


def main(arguments: Sequence[str]) -> int:
    """Print a line of JSON for each image, or for the one sample of numbers. Returns the exit status: 1 if a sample
    cannot be read, 2 without arguments."""
    if not arguments or arguments[0] in {"-h", "--help"}:
        print("usage: python predict.py IMAGE...   or   python predict.py NUMBER...", file=sys.stderr)
        return 0 if arguments else 2
    model = Model()
    named = [(each, each) for each in arguments] if model.takes_images else [("features", arguments)]
    failed = False
    for name, given in named:
        try:
            sample = Path(given).read_bytes() if isinstance(given, str) else _parse_numbers(given)
            answer = model.predict(sample)
        except (OSError, ImageError, BadSample) as error:
            answer, failed = {"error": str(error)}, True
        print(json.dumps({"sample": name, **answer}))
    return int(failed)


def _parse_numbers(given: Sequence[str]) -> list[float]:
    try:
        return [float(each) for each in given]
    except ValueError as error:
        raise BadSample(f"expected numbers: {error}") from error


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
