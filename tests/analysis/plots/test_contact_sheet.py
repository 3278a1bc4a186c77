from collections.abc import Iterator

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
