from PIL import Image

from trainyard.demo.demo import PICTURES


def test_the_pictures_are_three_small_white_on_black_ones() -> None:
    paths = sorted(PICTURES.glob("*.png"))
    assert len(paths) == 3
    for path in paths:
        assert path.stat().st_size < 5000
        with Image.open(path) as picture:
            assert picture.size == (64, 64)
            assert picture.mode == "L"
            assert picture.getpixel((0, 0)) == 0
            assert picture.getextrema() == (0, 255)
