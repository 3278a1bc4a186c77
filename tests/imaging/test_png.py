import numpy as np
import pytest

from imaging.png import to_image


@pytest.mark.parametrize(
    ("shape", "mode"),
    [((1, 1, 1), "L"), ((1, 28, 3), "RGB"), ((28, 1, 3), "RGB"), ((28, 1, 1), "L"), ((5, 4, 3), "RGB")],
)
def test_sample_of_any_shape_becomes_same_image(shape: tuple[int, int, int], mode: str) -> None:
    sample = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    image = to_image(sample)
    assert (image.mode, image.size) == (mode, (shape[1], shape[0]))
    assert (np.asarray(image).reshape(shape) == sample).all()
