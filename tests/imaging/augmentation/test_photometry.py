import numpy as np

from tests.imaging.augmentation.layers import augmentation

RNG = np.random.default_rng(0)
NO_LABELS = np.zeros(32, np.int64)


def test_noise_has_stddev_and_no_bias() -> None:
    gray = np.full((32, 40, 40, 1), 128, np.uint8)
    noisy, _ = augmentation({"type": "GaussianNoise", "stddev": 0.1})(gray, NO_LABELS, np.random.default_rng(0))
    noise = noisy.astype(float) - 128
    assert abs(noise.mean()) < 0.5
    assert abs(noise.std() - 25.5) < 0.3
    assert abs((np.abs(noise) < 25.5).mean() - 0.68) < 0.02


def test_noise_is_clipped_to_range() -> None:
    ends = np.zeros((32, 8, 8, 1), np.uint8)
    ends[16:] = 255
    noisy, _ = augmentation({"type": "GaussianNoise", "stddev": 0.2})(ends, NO_LABELS, np.random.default_rng(0))
    assert noisy[:16].max() < 240
    assert noisy[16:].min() > 15
    assert abs((noisy[:16] == 0).mean() - 0.5) < 0.05


def test_contrast_changes_within_factor() -> None:
    images = np.zeros((32, 4, 4, 1), np.uint8)
    images[:, :, :2], images[:, :, 2:] = 100, 150
    changed, _ = augmentation({"type": "RandomContrast", "factor": 0.4})(images, NO_LABELS, np.random.default_rng(0))
    spread = np.ptp(changed.astype(int), axis=(1, 2, 3))
    assert spread.min() >= 30
    assert spread.max() <= 70
    assert spread.min() < 40
    assert spread.max() > 60
