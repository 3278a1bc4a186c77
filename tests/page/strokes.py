"""Digits drawn with the mouse."""

from collections.abc import Sequence

from playwright.sync_api import Page

BOARD = 280
SEVEN = [(85, 60), (140, 58), (200, 60), (180, 110), (155, 160), (135, 225)]
# As most writers of scikit-learn's digits have written it: without the bar, networks of these 8 x 8 images may see a 3.
BARRED_SEVEN = [SEVEN, [(120, 145), (200, 145)]]
ONE = [(140, 55), (140, 120), (138, 225)]
FOUR = [[(110, 60), (100, 150), (190, 150)], [(170, 70), (165, 225)]]


def draw(page: Page, points: Sequence[tuple[float, float]]) -> None:
    """Draw one stroke through points on a board of 280 x 280."""
    box = page.locator("#board").bounding_box()
    assert box is not None
    scale = box["height"] / BOARD
    (x, y), *rest = [(box["x"] + x * scale, box["y"] + y * scale) for x, y in points]
    page.mouse.move(x, y)
    page.mouse.down()
    for x, y in rest:
        page.mouse.move(x, y, steps=5)
    page.mouse.up()
