import cv2
import numpy as np
import pytest

from imaging.digits.connected_components import marks_of


def random_mask(seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    mask = generator.random(generator.integers(1, 50, 2)) < generator.uniform(0.05, 0.95)
    return cv2.blur(mask.astype(np.uint8) * 255, (3, 3)) > 120 if seed % 2 else mask


@pytest.mark.parametrize("seed", range(60))
def test_marks_are_those_that_opencv_finds(seed):
    mask = random_mask(seed)
    count, labels, figures, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    marks = marks_of(mask)
    boxes = np.stack([marks.lefts, marks.tops, marks.rights - marks.lefts, marks.bottoms - marks.tops, marks.areas])
    assert sorted(map(tuple, boxes.T[1:].tolist())) == sorted(map(tuple, figures[1:].tolist()))
    pairs = set(zip(labels.ravel().tolist(), marks.labels.ravel().tolist(), strict=True))
    assert len(pairs) == len(set(labels.ravel().tolist())) == len(np.unique(marks.labels))
    assert len(marks.areas) == count


def test_an_empty_mask_has_no_marks():
    marks = marks_of(np.zeros((5, 7), bool))
    assert len(marks.areas) == 1
    assert not marks.labels.any()
