from PIL import Image

from trainyard.demo.demo import IMAGES


def test_the_images_are_three_small_white_on_black_ones() -> None:
    paths = sorted(IMAGES.glob("*.png"))
    assert len(paths) == 3
    for path in paths:
        assert path.stat().st_size < 5000
        with Image.open(path) as image:
            assert image.size == (64, 64)
            assert image.mode == "L"
            assert image.getpixel((0, 0)) == 0
            assert image.getextrema() == (0, 255)
