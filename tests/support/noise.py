"""Uploads of gray noise in folders that are called as the digits are."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from tests.support.archives import zip_of


def noisy_digits(classes: Sequence[str], train: int, test: int = 0, largest: int = 20, seed: int = 0) -> bytes:
    """A zip with `train` images of each class and, where that is asked for, `test` in its official test split; their
    sides are 8 to `largest` pixels long."""
    random = np.random.default_rng(seed)

    def image() -> bytes:
        file = io.BytesIO()
        sides = random.integers(8, largest + 1, 2)
        Image.fromarray(random.integers(0, 256, sides, dtype=np.uint8)).save(file, "PNG")
        return file.getvalue()

    counts = {"train/": train, "test/": test} if test else {"": train}
    return zip_of(
        {
            f"{part}{label}/{number}.png": image()
            for part, count in counts.items()
            for label in classes
            for number in range(count)
        }
    )
