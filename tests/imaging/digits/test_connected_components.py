import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.digits.connected_components import connected_components


def random_mask(seed: int) -> NDArray[np.bool_]:
    generator = np.random.default_rng(seed)
    mask = generator.random(generator.integers(1, 50, 2)) < generator.uniform(0.05, 0.95)
    return cv2.blur(mask.astype(np.uint8) * 255, (3, 3)) > 120 if seed % 2 else mask


def test_components_equal_opencv() -> None:
    for seed in range(60):
        assert_equals_opencv(random_mask(seed))


def assert_equals_opencv(mask: NDArray[np.bool_]) -> None:
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    components = connected_components(mask)
    boxes = np.stack(
        [
            components.lefts,
            components.tops,
            components.rights - components.lefts,
            components.bottoms - components.tops,
            components.areas,
        ]
    )
    assert sorted(map(tuple, boxes.T[1:].tolist())) == sorted(map(tuple, statistics[1:].tolist()))
    pairs = set(zip(labels.ravel().tolist(), components.labels.ravel().tolist(), strict=True))
    assert len(pairs) == len(set(labels.ravel().tolist())) == len(np.unique(components.labels))
    assert len(components.areas) == count


def test_empty_mask_has_no_components() -> None:
    components = connected_components(np.zeros((5, 7), bool))
    assert len(components.areas) == 1
    assert not components.labels.any()
