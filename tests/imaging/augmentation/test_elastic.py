import numpy as np

from tests.imaging.augmentation.layers import augmentation


def test_default_shifts_match_paper() -> None:
    """A field of numbers from -1 to 1 (deviation 0.577), smoothed by sigma 4, has a deviation of 0.041; times 34 that
    is 1.4 pixels."""
    ramp = np.tile((np.arange(60, dtype=np.uint8) * 4)[None, None, :, None], (20, 60, 1, 1))
    moved, _ = augmentation({"type": "ElasticDistortion"})(ramp, np.zeros(20, np.int64), np.random.default_rng(0))
    shifts = (moved.astype(float) - ramp)[:, 15:45, 15:45] / 4
    assert 1.2 < shifts.std() < 1.6
    assert np.abs(np.diff(shifts, axis=2)).max() < 2


def test_uniform_image_is_unchanged() -> None:
    even = np.full((2, 9, 9, 3), 77, np.uint8)
    moved, _ = augmentation({"type": "ElasticDistortion"})(even, np.zeros(2, np.int64), np.random.default_rng(0))
    assert (moved == 77).all()
