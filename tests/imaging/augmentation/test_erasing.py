from typing import Any

import numpy as np
import pytest

from tests.imaging.augmentation.layers import augmentation

IMAGES = np.full((400, 20, 30, 1), 200, np.uint8)
LABELS = np.zeros(400, np.int64)


@pytest.mark.parametrize(
    ("factor", "least", "most"), [(1.0, 400, 400), (0.0, 0, 0), (0.3, 90, 150), ([0, 1], 160, 240)]
)
def test_share_of_erased_images_matches_factor(factor: Any, least: int, most: int) -> None:
    layer = {"type": "RandomErasing", "factor": factor, "scale": [0.1, 0.3], "fill_value": 7}
    erased, _ = augmentation(layer)(IMAGES, LABELS, np.random.default_rng(0))
    assert least <= (erased == 7).any(axis=(1, 2, 3)).sum() <= most


def test_erased_rectangle_has_size_of_scale() -> None:
    layer = {"type": "RandomErasing", "scale": [0.25, 0.25], "fill_value": 7}
    erased, _ = augmentation(layer)(IMAGES, LABELS, np.random.default_rng(0))
    for image in erased:
        rows, columns, _ = np.nonzero(image == 7)
        assert len(rows) == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
        assert 9 <= np.ptp(rows) + 1 <= 11
        assert 14 <= np.ptp(columns) + 1 <= 16
    tops = {np.nonzero(image == 7)[0].min() for image in erased}
    assert len(tops) > 8


def test_missing_fill_value_fills_with_noise() -> None:
    erased, _ = augmentation({"type": "RandomErasing", "scale": [1, 1]})(IMAGES, LABELS, np.random.default_rng(0))
    assert abs((erased == 0).mean() - 0.5) < 0.01
    assert len(np.unique(erased)) > 200
