import numpy as np

from tests.imaging.augmentation.layers import augmentation

# The value of every pixel says which image it comes from.
COUNT = 50
IMAGES = np.repeat(np.arange(COUNT, dtype=np.uint8) * 5, 16 * 12 * 3).reshape(COUNT, 16, 12, 3)
LABELS = np.arange(COUNT)


def test_mix_up_mixes_images_and_labels_alike() -> None:
    images, shares = augmentation({"type": "MixUp", "alpha": 1}, classes=COUNT)(
        IMAGES, LABELS, np.random.default_rng(0)
    )
    expected = shares @ (LABELS * 5.0)
    assert np.abs(images - expected[:, None, None, None]).max() <= 0.51
    assert set((shares > 0).sum(axis=1).tolist()) <= {1, 2}
    assert shares.max(axis=1).mean() < 0.9


def test_cut_mix_weights_labels_by_area() -> None:
    images, shares = augmentation({"type": "CutMix"}, classes=COUNT)(IMAGES, LABELS, np.random.default_rng(0))
    sources = images[..., 0] // 5
    for index, share in enumerate(shares):
        areas = np.bincount(sources[index].ravel(), minlength=COUNT) / (16 * 12)
        assert np.allclose(areas, share, atol=1e-6)
    assert (shares.max(axis=1) < 1).sum() > COUNT / 4


def test_cut_mix_pastes_from_same_position() -> None:
    rows = np.tile(np.arange(16, dtype=np.uint8)[None, :, None, None], (COUNT, 1, 12, 1))
    images, _ = augmentation({"type": "CutMix"}, classes=COUNT)(rows, LABELS, np.random.default_rng(0))
    assert np.array_equal(images, rows)
