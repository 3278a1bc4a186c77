import numpy as np
import pytest

from imaging.probe import probe_image, probe_sample


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (16, 16, 1)])
def test_probe_has_every_byte_value(shape: tuple[int, ...]) -> None:
    probe = probe_image(shape)
    assert probe.shape == shape
    assert probe.dtype == np.uint8
    assert len(np.unique(probe)) == 256


def test_probe_depends_on_shape_only() -> None:
    assert np.array_equal(probe_image((28, 28, 1)), probe_image((28, 28, 1)))


def test_probe_pattern_never_changes() -> None:
    # Another pattern would make every network that is already published look damaged.
    assert probe_image((2, 2, 3)).ravel().tolist() == [0, 97, 194, 35, 132, 229, 70, 167, 8, 105, 202, 43]


def test_probe_of_features_is_evenly_spaced() -> None:
    assert np.array_equal(probe_sample((28, 28, 1)), probe_image((28, 28, 1)))
    assert probe_sample((3,)).tolist() == [-1, 0, 1]
    assert probe_sample((2,)).dtype == np.float32
