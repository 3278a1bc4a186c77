"""Drawn test cards, for a dataset of which no samples have been read yet."""

from PIL import Image, ImageDraw, ImageFont

# Letters that look different rotated and mirrored, so that the effect of augmentation is visible.
LETTERS = ("F", "R", "4", "G", "7", "L")
_SIDE = 256
_PAPER = ((236, 226, 205), (205, 226, 236), (214, 236, 205), (236, 205, 214), (222, 214, 240), (236, 236, 200))
_INK = (40, 60, 110)


def draw_card(number: int) -> Image.Image:
    """A letter above a row of grays, in a frame; each number below six has another letter."""
    card = Image.new("RGB", (_SIDE, _SIDE), _PAPER[number % len(LETTERS)])
    pen = ImageDraw.Draw(card)
    pen.rectangle((8, 8, _SIDE - 9, _SIDE - 9), outline=_INK, width=12)
    for step in range(6):
        gray = 51 * step
        pen.rectangle((32 + 32 * step, 200, 63 + 32 * step, 224), fill=(gray, gray, gray))
    font = ImageFont.load_default(size=180)
    pen.text((_SIDE / 2, 112), LETTERS[number % len(LETTERS)], fill=_INK, font=font, anchor="mm")
    return card
