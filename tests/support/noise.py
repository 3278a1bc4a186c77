"""Uploads of gray noise in folders that are called as the digits are."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from tests.support.archives import zip_of
from tests.support.image_files import encoded


def noisy_digits(classes: Sequence[str], train: int, test: int = 0, largest: int = 20, seed: int = 0) -> bytes:
    """A zip with `train` images of each class and, where that is asked for, `test` in its official test split; their
    sides are 8 to `largest` pixels long."""
    random = np.random.default_rng(seed)

    def image() -> bytes:
        sides = random.integers(8, largest + 1, 2)
        return encoded(Image.fromarray(random.integers(0, 256, sides, dtype=np.uint8)))

    counts = {"train/": train, "test/": test} if test else {"": train}
    return zip_of(
        {
            f"{split}{label}/{number}.png": image()
            for split, count in counts.items()
            for label in classes
            for number in range(count)
        }
    )
