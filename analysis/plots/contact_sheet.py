"""Contact sheet: many labeled images in one."""

from bisect import bisect_left
from collections.abc import Iterable
from functools import cache

from noto_cjk_sans_jp_regular import FONT_PATH as CJK_FONT
from PIL import Image, ImageDraw, ImageFont

from analysis.misclassified import Selection
from analysis.sample_images import SampleImages

_COLUMNS = 5
_CELL = 128
_LABEL = 20
_GAP = 6
_SIZE = 13
_MAX_IMAGES = 100


def contact_sheet(images: Iterable[tuple[Image.Image, str]], count: int) -> Image.Image:
    """`count` images in rows of five; the longer side of each is 128 pixels, and its label is below it."""
    rows = max(1, -(-count // _COLUMNS))
    columns = min(_COLUMNS, max(1, count))
    size = (columns * (_CELL + _GAP) + _GAP, rows * (_CELL + _LABEL + _GAP) + _GAP)
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    for number, (image, label) in enumerate(images):
        left = _GAP + number % _COLUMNS * (_CELL + _GAP)
        top = _GAP + number // _COLUMNS * (_CELL + _LABEL + _GAP)
        scale = _CELL / max(image.size)
        shape = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        # The pixels of small images stay visible.
        shown = image.convert("RGB").resize(shape, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX)
        sheet.paste(shown, (left + (_CELL - shape[0]) // 2, top + (_CELL - shape[1]) // 2))
        font = _font(is_latin=label.isascii())
        # By the middle of capitals, which is the same in both fonts.
        place = (left + _CELL // 2, top + _CELL + _LABEL // 2)
        draw.text(place, _shorten(label, font), fill="black", font=font, anchor="mm")
    return sheet


@cache
def _font(is_latin: bool) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font, and for other letters one with Chinese, Japanese and Korean."""
    return ImageFont.load_default(_SIZE) if is_latin else ImageFont.truetype(str(CJK_FONT), _SIZE)


def _shorten(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """The longest beginning of `text` that fits below an image, with … in place of the rest."""
    if font.getlength(text) <= _CELL:
        return text
    end = bisect_left(range(len(text)), True, key=lambda end: font.getlength(f"{text[:end]}…") > _CELL) - 1
    return f"{text[:end]}…"


def misclassified_sheet(selection: Selection, images: SampleImages) -> Image.Image:
    """A hundred samples at most, each with its true class, the predicted one and its probability. Raises NotFound."""
    rows = selection.rows[:_MAX_IMAGES]
    return contact_sheet(((images.image(row), _caption(selection, row)) for row in rows), len(rows))


def _caption(selection: Selection, row: int) -> str:
    first = selection.top(row)[0]
    return f"{selection.true(row).label} as {first.label} {first.probability:.0%}"
