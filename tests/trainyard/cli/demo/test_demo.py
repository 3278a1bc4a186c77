from PIL import Image

from trainyard.up.application import SAMPLE_IMAGES


def test_sample_images_are_small_and_white_on_black() -> None:
    paths = sorted(SAMPLE_IMAGES.glob("*.png"))
    assert len(paths) == 3
    for path in paths:
        assert path.stat().st_size < 5000
        with Image.open(path) as image:
            assert image.size == (64, 64)
            assert image.mode == "L"
            assert image.getpixel((0, 0)) == 0
            assert image.getextrema() == (0, 255)
