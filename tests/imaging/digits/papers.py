"""Images as people make them, of a digit whose ink is known: pens, papers, light, cameras."""

from collections.abc import Callable
from io import BytesIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.support.image_files import encoded

Coverage = NDArray[np.float32]  # (height, width): how much of a pixel is ink, 0-1
Pixels = NDArray[np.uint8]  # (height, width), (height, width, 3) or, with transparency, (height, width, 4)
Generator = np.random.Generator

WHITE, CREAM = (250, 250, 248), (240, 232, 214)
BLACK_PEN, BLUE_PEN, RED_PEN, PENCIL = (35, 35, 40), (45, 60, 150), (190, 40, 45), (120, 120, 122)


def enlarged(digit: NDArray[np.uint8], side: int) -> Coverage:
    """A 28x28 digit, light on black, as smooth ink of `side` pixels."""
    large = cv2.resize(digit, (side, side), interpolation=cv2.INTER_CUBIC)
    large = cv2.GaussianBlur(large, (0, 0), side / 90)
    return np.clip((large.astype(np.float32) - 100) / 40, 0, 1)


def thinner(ink: Coverage, pixels: int) -> Coverage:
    return np.asarray(cv2.erode(ink, np.ones((pixels, pixels), np.uint8)))


def thicker(ink: Coverage, pixels: int) -> Coverage:
    return np.asarray(cv2.dilate(ink, np.ones((pixels, pixels), np.uint8)))


def placed(ink: Coverage, height: int, width: int, top: int, left: int) -> Coverage:
    page = np.zeros((height, width), np.float32)
    page[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return page


def written(ink: Coverage, pen: tuple[int, int, int], paper: NDArray[np.float32]) -> NDArray[np.float32]:
    """`pen` on `paper`, (height, width, 3), 0-255."""
    return paper * (1 - ink[..., None]) + np.array(pen, np.float32) * ink[..., None]


def blank(shape: tuple[int, int], color: tuple[int, int, int]) -> NDArray[np.float32]:
    return np.full((*shape, 3), color, np.float32)


def ruled(paper: NDArray[np.float32], spacing: int, *, squared: bool = False) -> NDArray[np.float32]:
    paper = paper.copy()
    thickness = max(1, spacing // 30)
    for start in range(spacing // 2, paper.shape[0], spacing):
        paper[start : start + thickness] *= np.array((0.72, 0.8, 0.93), np.float32)
    for start in range(spacing // 2, paper.shape[1], spacing) if squared else ():
        paper[:, start : start + thickness] *= np.array((0.72, 0.8, 0.93), np.float32)
    return paper


def lit(image: NDArray[np.float32], generator: Generator, darkest: float = 0.45) -> NDArray[np.float32]:
    """Light from one side, and the soft shadow of a hand."""
    height, width = image.shape[:2]
    down, across = np.mgrid[0 : 1 : complex(0, height), 0 : 1 : complex(0, width)].astype(np.float32)
    angle = generator.uniform(0, 2 * np.pi)
    slope = (np.cos(angle) * (across - 0.5) + np.sin(angle) * (down - 0.5)) / 0.7
    light = 1 - (1 - darkest) * (slope + 1) / 2
    row, column, reach = generator.uniform(-0.2, 1.2), generator.uniform(-0.2, 1.2), generator.uniform(0.2, 0.5)
    shadow = 1 - 0.3 / (1 + np.exp((np.hypot(down - row, across - column) - reach) / 0.05))
    return np.asarray(image * (light * shadow)[..., None])


def photographed(image: NDArray[np.float32], generator: Generator, grain: float = 5.0, quality: int = 60) -> Pixels:
    """A little out of focus, with grain, as JPEG."""
    blurred = cv2.GaussianBlur(image, (0, 0), max(image.shape[:2]) / 700 + 0.4)
    noisy = blurred + grain * generator.standard_normal(image.shape, np.float32)
    taken = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
    return np.asarray(Image.open(BytesIO(encoded(taken, "JPEG", quality=quality))))


# -- kinds of images -------------------------------------------------------------------------------------------------


def _drawn(digit: Pixels, generator: Generator) -> Pixels:
    """In a paint program of 28x28, hard strokes, somewhere on the canvas."""
    side = int(generator.integers(14, 27))
    small = cv2.resize(digit[3:25, 3:25], (side, side), interpolation=cv2.INTER_AREA) > 90
    page = placed(small.astype(np.float32), 28, 28, *generator.integers(0, 29 - side, 2).tolist())
    return (255 - 255 * page).astype(np.uint8)


def _faint(digit: Pixels, generator: Generator) -> Pixels:
    """Light gray on black, blurred."""
    return np.asarray(cv2.GaussianBlur(digit, (0, 0), 0.8) * generator.uniform(0.25, 0.6), np.uint8)


def _thin(digit: Pixels, generator: Generator) -> Pixels:
    ink = thinner(thicker(enlarged(digit, 400), 9), int(generator.integers(19, 23)))
    return written(ink, BLACK_PEN, blank(ink.shape, (255, 255, 255))).astype(np.uint8)


def _thick(digit: Pixels, generator: Generator) -> Pixels:
    ink = thicker(enlarged(digit, 280), int(generator.integers(5, 12)))
    return written(ink, (20, 90, 60), blank(ink.shape, (255, 255, 255))).astype(np.uint8)


def _photo(digit: Pixels, generator: Generator) -> Pixels:
    side = int(generator.integers(200, 500))
    ink = placed(enlarged(digit, side), 640, 640, *generator.integers(0, 641 - side, 2).tolist())
    pen = (BLACK_PEN, BLUE_PEN, RED_PEN, PENCIL)[generator.integers(4)]
    paper = blank(ink.shape, (WHITE, CREAM)[generator.integers(2)])
    return photographed(lit(written(ink, pen, paper), generator), generator)


def _felt(digit: Pixels, generator: Generator) -> Pixels:
    """A photo of what a felt pen drew, large on the page."""
    side = int(generator.integers(300, 560))
    ink = thicker(enlarged(digit, side), int(side * generator.uniform(0.02, 0.05)) + 1)
    page = placed(ink, 640, 640, *generator.integers(0, 641 - side, 2).tolist())
    return photographed(lit(written(page, BLACK_PEN, blank(page.shape, WHITE)), generator), generator)


def _ruled(digit: Pixels, generator: Generator) -> Pixels:
    side = int(generator.integers(250, 450))
    ink = placed(enlarged(digit, side), 600, 600, *generator.integers(0, 601 - side, 2).tolist())
    paper = ruled(blank(ink.shape, WHITE), int(generator.integers(60, 120)), squared=bool(generator.integers(2)))
    pen = (BLACK_PEN, BLUE_PEN)[generator.integers(2)]
    return photographed(lit(written(ink, pen, paper), generator, 0.7), generator)


def _corner(digit: Pixels, generator: Generator) -> Pixels:
    """Small on a large page."""
    side = int(generator.integers(55, 90))
    ink = placed(enlarged(digit, side), 750, 1000, *generator.integers(10, 650, 2).tolist())
    return photographed(lit(written(ink, BLUE_PEN, blank(ink.shape, WHITE)), generator, 0.7), generator)


def _board(digit: Pixels, generator: Generator) -> Pixels:
    """Chalk."""
    ink = enlarged(digit, 420) * generator.uniform(0.55, 1, (420, 420)).astype(np.float32)
    return photographed(lit(written(ink, (225, 225, 215), blank(ink.shape, (50, 75, 62))), generator), generator)


def _ink_on_nothing(digit: Pixels, generator: Generator) -> Pixels:
    """Transparent where there is no ink; black or white ink."""
    ink = enlarged(digit, 200)
    image = np.full((*ink.shape, 4), 255 * int(generator.integers(2)), np.uint8)
    image[..., 3] = (255 * ink).astype(np.uint8)
    return image


def _on_a_table(digit: Pixels, generator: Generator) -> Pixels:
    """A sheet that does not fill the image; the table is dark."""
    sheet = written(enlarged(digit, 420), BLACK_PEN, blank((420, 420), WHITE))
    turn = np.asarray(cv2.getRotationMatrix2D((210, 210), generator.uniform(-8, 8), 1), np.float64)
    turn[:, 2] += generator.uniform(40, 120, 2)
    table = (90, 70, 52)
    image = cv2.warpAffine(sheet, turn, (560, 560), borderMode=cv2.BORDER_CONSTANT, borderValue=table)
    return photographed(lit(image.astype(np.float32), generator, 0.7), generator)


KINDS: dict[str, Callable[[Pixels, Generator], Pixels]] = {
    "drawn": _drawn,
    "faint": _faint,
    "thin": _thin,
    "thick": _thick,
    "photo": _photo,
    "felt pen": _felt,
    "ruled": _ruled,
    "corner": _corner,
    "board": _board,
    "ink on nothing": _ink_on_nothing,
    "on a table": _on_a_table,
}
