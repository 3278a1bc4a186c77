from PIL import Image

from analysis.plots.contact_sheet import contact_sheet


def test_images_are_taken_one_by_one() -> None:
    alive: list[int] = []

    def images() -> "object":
        for number in range(7):
            alive.append(number)
            yield Image.new("L", (300, 20), number), f"class {number}"

    sheet = contact_sheet(images(), 7)  # type: ignore[arg-type]

    assert alive == list(range(7))
    assert sheet.width == 5 * (128 + 6) + 6
    assert sheet.height == 2 * (128 + 20 + 6) + 6
