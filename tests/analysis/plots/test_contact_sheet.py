from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from analysis.plots.contact_sheet import contact_sheet


def test_images_are_read_one_by_one() -> None:
    read: list[int] = []

    def images() -> Iterator[tuple[Image.Image, str]]:
        for number in range(7):
            read.append(number)
            yield Image.new("L", (300, 20), number), f"class {number}"

    sheet = contact_sheet(images(), 7)

    assert read == list(range(7))
    assert sheet.width == 5 * (128 + 6) + 6
    assert sheet.height == 2 * (128 + 20 + 6) + 6


def label_of(text: str) -> np.ndarray:
    """The pixels below a white image of two, (26, 268): its label, and what lies below the other one."""
    sheet = contact_sheet(((Image.new("L", (8, 8), 255), label) for label in (text, "")), 2)
    return np.asarray(sheet.convert("L"))[6 + 128 :, 6:]


def test_east_asian_labels_have_glyphs() -> None:
    cat, dog, missing = label_of("고양이"), label_of("강아지"), label_of("กขค")
    assert (cat != dog).any()
    assert (cat != missing).any()
    assert (cat != 255).any()


@pytest.mark.parametrize("label", ["a long name of a class", "W" * 100, "한국어로 된 아주 긴 이름", "字" * 100])
def test_long_label_stays_below_its_image(label: str) -> None:
    pixels = label_of(label)
    dark = np.flatnonzero((pixels < 128).any(axis=0))
    assert 100 < dark[-1] - dark[0] <= 128
    assert dark[-1] <= 128
