import numpy as np
import pytest

from imaging.augmentation import Augmentation

IMAGES = np.random.default_rng(0).integers(0, 256, (64, 5, 7, 3), dtype=np.uint8)
LABELS = np.arange(64) % 10


@pytest.mark.parametrize(
    ("mode", "ways"),
    [
        ("horizontal", [np.s_[:, :], np.s_[:, ::-1]]),
        ("vertical", [np.s_[:, :], np.s_[::-1, :]]),
        ("horizontal_and_vertical", [np.s_[:, :], np.s_[:, ::-1], np.s_[::-1, :], np.s_[::-1, ::-1]]),
    ],
)
def test_flips_are_exact_and_each_way_comes(mode, ways):
    flip = Augmentation([{"type": "RandomFlip", "mode": mode}], classes=10)
    images, labels = flip(IMAGES, LABELS, np.random.default_rng(1))
    counts = [0] * len(ways)
    for before, after in zip(IMAGES, images, strict=True):
        (way,) = [index for index, way in enumerate(ways) if np.array_equal(before[way], after)]
        counts[way] += 1
    assert min(counts) > 64 / len(ways) / 2
    assert np.array_equal(labels, LABELS)
