"""Drawings of digits in hands that a dataset may lack: a 1 with a flag or a foot, a crossed 7, an open 4, narrow, wide
and slanted ones, thin and thick pens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.augmentation.arrays import Images, Range, Shares, draw_uniform

Points = NDArray[np.float64]  # (points, 2): x to the right, y down
_Generator = np.random.Generator
_Stroke = Sequence[tuple[float, float]]

# Each way to write a digit is a sequence of strokes in a square of 100, from point to point. A point given twice is a
# corner; the others are smoothed.
STYLES: Mapping[int, Sequence[Sequence[_Stroke]]] = {
    0: (
        (((52, 4), (26, 16), (14, 50), (26, 86), (50, 96), (76, 84), (86, 50), (74, 16), (50, 4)),),
        (((60, 8), (34, 6), (16, 40), (22, 82), (50, 96), (80, 74), (84, 36), (66, 8), (46, 6)),),
        (((70, 14), (40, 4), (14, 46), (30, 94), (74, 88), (88, 46), (60, 6), (44, 12)),),
    ),
    1: (
        (((50, 2), (50, 98)),),
        (((30, 30), (54, 4), (54, 4), (54, 98)),),
        (((16, 46), (58, 4), (58, 4), (58, 98)),),
        (((8, 62), (60, 4), (60, 4), (60, 98)),),
        (((26, 34), (54, 4), (54, 4), (54, 96)), ((26, 96), (82, 96))),
        (((34, 18), (54, 4), (54, 4), (54, 96)), ((34, 96), (76, 96))),
        (((22, 26), (34, 24), (56, 4), (56, 4), (54, 98)),),
        (((18, 40), (40, 26), (62, 2), (62, 2), (48, 98)),),
        (((50, 4), (50, 96)), ((28, 96), (72, 96))),
    ),
    2: (
        (((18, 26), (34, 6), (62, 4), (78, 24), (64, 52), (14, 94), (14, 94), (86, 92)),),
        (((14, 34), (24, 8), (58, 2), (76, 22), (62, 56), (30, 88), (16, 88), (24, 74), (52, 90), (88, 88)),),
        (((16, 12), (50, 4), (80, 22), (60, 60), (12, 96), (12, 96), (88, 94)),),
        (((16, 8), (80, 6), (80, 6), (14, 94), (14, 94), (86, 94)),),
        (((22, 30), (40, 6), (70, 14), (66, 46), (38, 86), (18, 96), (12, 84), (30, 78), (60, 94), (90, 82)),),
    ),
    3: (
        (((20, 14), (50, 2), (78, 22), (62, 44), (42, 48), (66, 52), (84, 74), (56, 98), (16, 86)),),
        (((18, 6), (80, 6), (80, 6), (42, 42), (42, 42), (74, 52), (82, 76), (52, 98), (16, 86)),),
        (((22, 20), (48, 2), (72, 20), (56, 44), (36, 46), (36, 46), (66, 56), (72, 84), (40, 98), (14, 80)),),
    ),
    4: (
        (((26, 4), (16, 56), (16, 56), (86, 56)), ((66, 20), (62, 98))),
        (((22, 4), (18, 52), (18, 52), (82, 50)), ((78, 4), (74, 98))),
        (((60, 98), (62, 2), (62, 2), (12, 66), (12, 66), (88, 64)),),
        (((34, 2), (12, 60), (12, 60), (88, 58)), ((64, 34), (60, 98))),
        (((24, 6), (20, 40), (40, 54), (74, 46)), ((78, 4), (72, 98))),
        (((72, 98), (72, 4), (72, 4), (14, 58), (14, 58), (90, 58)),),
    ),
    5: (
        (((78, 6), (30, 6), (30, 6), (24, 46), (24, 46), (60, 40), (82, 66), (60, 96), (18, 88)),),
        (((28, 8), (24, 46), (24, 46), (62, 42), (80, 70), (54, 98), (16, 86)), ((28, 8), (82, 4))),
        (((84, 4), (36, 10), (36, 10), (28, 44), (28, 44), (66, 50), (70, 82), (38, 98), (12, 84)),),
        (((30, 12), (26, 48), (26, 48), (64, 46), (76, 74), (48, 98), (18, 90)), ((36, 8), (84, 8))),
    ),
    6: (
        (((70, 6), (40, 18), (20, 56), (28, 88), (56, 96), (78, 76), (64, 54), (36, 58), (22, 74)),),
        (((60, 2), (30, 40), (20, 74), (42, 98), (72, 86), (72, 62), (48, 52), (24, 68)),),
        (((76, 14), (54, 2), (24, 30), (14, 72), (40, 98), (78, 84), (76, 56), (44, 48), (18, 66)),),
        (((44, 2), (26, 50), (26, 84), (48, 96), (66, 82), (62, 62), (44, 60), (27, 74)),),
    ),
    7: (
        (((14, 6), (84, 6), (84, 6), (40, 98)),),
        (((14, 8), (84, 6), (84, 6), (42, 98)), ((30, 52), (78, 48))),
        (((14, 22), (16, 6), (16, 6), (84, 6), (84, 6), (60, 44), (44, 98)),),
        (((14, 20), (18, 6), (18, 6), (84, 8), (84, 8), (54, 50), (46, 98)), ((34, 50), (80, 50))),
        (((16, 10), (46, 14), (80, 6), (80, 6), (52, 54), (44, 98)),),
        (((22, 4), (76, 4), (76, 4), (60, 98)),),
        (((22, 4), (78, 4), (78, 4), (64, 98)), ((40, 50), (90, 50))),
    ),
    8: (
        (((74, 16), (46, 2), (22, 22), (48, 46), (78, 74), (50, 98), (20, 78), (52, 48), (78, 22), (62, 6)),),
        (
            ((50, 4), (26, 14), (30, 40), (52, 48), (74, 34), (72, 12), (50, 4)),
            ((52, 48), (24, 62), (26, 92), (54, 98), (80, 86), (76, 60), (52, 48)),
        ),
        (((66, 12), (36, 6), (28, 32), (64, 56), (74, 82), (46, 98), (24, 80), (46, 56), (72, 30), (66, 12)),),
    ),
    9: (
        (((76, 22), (50, 2), (24, 22), (34, 48), (64, 44), (76, 20), (76, 20), (72, 98)),),
        (((74, 26), (54, 4), (26, 16), (26, 44), (56, 50), (74, 28), (74, 60), (54, 92), (24, 94)),),
        (((70, 14), (42, 4), (22, 28), (44, 50), (70, 32), (72, 10), (72, 10), (58, 98)),),
        (((72, 8), (38, 4), (20, 34), (44, 54), (72, 34), (74, 6), (74, 6), (74, 98)),),
    ),
}
_SIDE, _BOX, _MAGNIFICATION = 28, 20, 4
# Points between two of a stroke after smoothing.
_DENSITY = 6


@dataclass(frozen=True)
class SyntheticDigits:
    """`factor` is the range of the probability. Class n is the digit n."""

    factor: Range

    def mix(self, images: Images, shares: Shares, generator: _Generator) -> tuple[Images, Shares]:
        count, height, width, channels = images.shape
        out = images.copy()
        for index in np.flatnonzero(generator.random(count) < draw_uniform(self.factor, count, generator)):
            digit = resize(draw_digit(int(shares[index].argmax()), generator), height, width)
            out[index] = np.repeat(digit[..., None], channels, axis=2)
        return out, shares


def draw_digit(digit: int, generator: _Generator) -> NDArray[np.uint8]:
    """A drawing of `digit` in the form of MNIST: uint8, (28, 28), ink 255 on 0, in a box of 20, centered by mass."""
    styles = STYLES[digit]
    style = styles[int(generator.integers(len(styles)))]
    return draw_strokes([np.array(stroke, np.float64) for stroke in style], generator)


def draw_strokes(strokes: Sequence[Points], generator: _Generator) -> NDArray[np.uint8]:
    """Draw strokes in any unit with a random hand and pen, in the form of MNIST."""
    moved = _move(strokes, generator)
    curves = [_smooth(stroke) for stroke in moved]
    pen = generator.uniform(1.6, 4.2)
    every = np.concatenate(curves)
    low, high = every.min(axis=0), every.max(axis=0)
    scale = (_BOX - pen) / max((high - low).max(), 1e-6)
    center = np.concatenate([_spread(curve) for curve in curves]).mean(axis=0)
    # Not beyond the image: the box may lie off the center of mass.
    shift = np.clip(_SIDE / 2 - center * scale, pen / 2 + 1 - low * scale, _SIDE - 1 - pen / 2 - high * scale)
    canvas = np.zeros((_SIDE * _MAGNIFICATION, _SIDE * _MAGNIFICATION), np.uint8)
    for curve in curves:
        # In sixteenths of a pixel.
        points = np.rint((curve * scale + shift) * _MAGNIFICATION * 16).astype(np.int32)
        cv2.polylines(canvas, [points], False, 255, max(1, round(pen * _MAGNIFICATION)), cv2.LINE_8, 4)
    return np.asarray(cv2.resize(canvas, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def resize(drawing: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    if drawing.shape == (height, width):
        return drawing
    return np.asarray(cv2.resize(drawing, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _move(strokes: Sequence[Points], generator: _Generator) -> list[Points]:
    """Shake the points, then slant, turn and stretch the whole."""
    shake = generator.uniform(0.5, 4.5)
    aspect = np.exp(generator.uniform(-0.75, 0.35))
    slant, turn = generator.normal(0.0, 0.16), generator.normal(0.0, 0.08)
    cosine, sine = np.cos(turn), np.sin(turn)
    matrix = np.array([[cosine, -sine], [sine, cosine]]) @ np.array([[aspect, -slant], [0, 1]])
    moved = []
    for stroke in strokes:
        noise = generator.normal(0, shake, stroke.shape)
        is_corner = np.zeros(len(stroke), bool)
        is_corner[1:] = (stroke[1:] == stroke[:-1]).all(axis=1)
        noise[is_corner] = noise[np.flatnonzero(is_corner) - 1]
        moved.append((stroke + noise - 50) @ matrix.T)
    return moved


def _smooth(stroke: Points) -> Points:
    """A Catmull-Rom spline through the points; straight between two."""
    if len(stroke) < 3:
        return stroke
    padded = np.concatenate([stroke[:1], stroke, stroke[-1:]])
    before, start, end, after = (padded[i : len(padded) - 3 + i, None] for i in range(4))
    t = np.linspace(0, 1, _DENSITY, endpoint=False)[None, :, None]
    cubic = -before + 3 * start - 3 * end + after
    square = 2 * before - 5 * start + 4 * end - after
    curve = 0.5 * (2 * start + (end - before) * t + square * t**2 + cubic * t**3)
    return np.concatenate([curve.reshape(-1, 2), stroke[-1:]])


def _spread(curve: Points) -> Points:
    """Points at equal distances along the curve, whose mean is its center of mass."""
    lengths = np.hypot(*np.diff(curve, axis=0).T).cumsum()
    at = np.linspace(0, lengths[-1], max(2, int(lengths[-1] / 4) + 1))
    along = np.concatenate([[0.0], lengths])
    return np.stack([np.interp(at, along, curve[:, axis]) for axis in (0, 1)], axis=1)
