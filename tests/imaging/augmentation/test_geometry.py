import numpy as np
import pytest

from tests.imaging.augmentation.layers import augmentation

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (64, 5, 7, 3), dtype=np.uint8)
LABELS = np.arange(64) % 10


@pytest.mark.parametrize(
    ("mode", "ways"),
    [
        ("horizontal", [np.s_[:, :], np.s_[:, ::-1]]),
        ("vertical", [np.s_[:, :], np.s_[::-1, :]]),
        ("horizontal_and_vertical", [np.s_[:, :], np.s_[:, ::-1], np.s_[::-1, :], np.s_[::-1, ::-1]]),
    ],
)
def test_flips_are_exact_and_use_every_direction(mode: str, ways: list[tuple[slice, ...]]) -> None:
    flip = augmentation({"type": "RandomFlip", "mode": mode})
    images, labels = flip(IMAGES, LABELS, np.random.default_rng(1))
    counts = [0] * len(ways)
    for before, after in zip(IMAGES, images, strict=True):
        (way,) = [index for index, way in enumerate(ways) if np.array_equal(before[way], after)]
        counts[way] += 1
    assert min(counts) > 64 / len(ways) / 2
    assert np.array_equal(labels, LABELS)


def test_padded_crop_reaches_every_position() -> None:
    images = RNG.integers(1, 256, (200, 5, 7, 1), dtype=np.uint8)
    cropped, _ = augmentation({"type": "RandomCrop", "padding": 2, "fill_value": 0})(
        images, np.zeros(200, np.int64), np.random.default_rng(0)
    )
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)))
    places = set()
    for image, after in zip(padded, cropped, strict=True):
        windows = np.lib.stride_tricks.sliding_window_view(image[..., 0], (5, 7))
        (place,) = np.argwhere((windows == after[..., 0]).all(axis=(2, 3)))
        places.add(tuple(place.tolist()))
    assert places == {(top, left) for top in range(5) for left in range(5)}


def test_smaller_window_is_resized_to_image_size() -> None:
    ramps = np.tile((np.arange(12, dtype=np.uint8) * 20)[None, None, :, None], (50, 12, 1, 1))
    cropped, _ = augmentation({"type": "RandomCrop", "height": 6, "width": 6})(
        ramps, np.zeros(50, np.int64), np.random.default_rng(0)
    )
    assert cropped.shape == ramps.shape
    assert np.abs(np.diff(cropped[:, :, 1:-1].astype(int), axis=2) - 10).max() <= 1
    # The middle of the first new pixel lies a quarter of a pixel before that of the window's first one.
    assert {int(value) for value in cropped[:, 0, 1, 0]} == {20 * start + 5 for start in range(7)}
