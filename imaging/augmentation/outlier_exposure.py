"""Outlier exposure: images of no class with uniform labels, for low confidence on unknown images (Hendrycks, Mazeika
and Dietterich, "Deep Anomaly Detection with Outlier Exposure", ICLR 2019)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.augmentation.arrays import Images, Range, Shares, draw_uniform
from imaging.augmentation.photometry import to_uint8
from imaging.augmentation.synthetic_digits import draw_strokes, resize

_Image = NDArray[np.uint8]  # (height, width, channels)
_Classes = NDArray[np.int64]  # (samples,)
_Generator = np.random.Generator

# Without letters that may look like digits, also rotated or mirrored: b B D g G i I J l o O q Q s S y z Z.
_LETTERS = "ACEFHKLMNPRTUVWXYacdefhjkmnprtuvwx"
_SYMBOLS = "&?%#+=@*<>{}^~"
# In the form of `synthetic_digits.STYLES`: alpha twice, gamma, epsilon, eta, lambda, mu, pi, tau, phi, psi, omega,
# sigma, Gamma, Delta, Omega, brackets, infinity, root, arrow, check mark, star, wave.
_DRAWN_SYMBOLS = (
    (((86, 6), (62, 60), (34, 92), (10, 70), (24, 36), (48, 46), (70, 86), (94, 88)),),
    (((84, 10), (50, 74), (22, 84), (12, 52), (32, 24), (54, 44), (88, 94)),),
    (((6, 22), (26, 14), (52, 66), (50, 96), (40, 84), (86, 10)),),
    (((78, 18), (48, 6), (24, 24), (52, 46), (52, 46), (18, 64), (32, 92), (80, 84)),),
    (((10, 30), (24, 12), (30, 64), (30, 64), (54, 16), (74, 26), (74, 98)),),
    (((22, 6), (40, 14), (82, 94)), ((52, 42), (16, 94))),
    (((20, 98), (30, 30), (28, 66), (50, 74), (70, 30), (70, 62), (86, 70)),),
    (((8, 20), (92, 16)), ((34, 20), (28, 92)), ((68, 18), (66, 76), (82, 92))),
    (((10, 28), (28, 14), (90, 16)), ((52, 16), (44, 76), (64, 92))),
    (((50, 30), (16, 52), (46, 76), (84, 52), (50, 30)), ((58, 2), (44, 98))),
    (((12, 20), (20, 56), (50, 66), (80, 54), (88, 18)), ((54, 2), (46, 98))),
    (((18, 30), (10, 66), (32, 84), (50, 50), (66, 84), (90, 62), (80, 28)),),
    (((84, 8), (16, 8), (16, 8), (54, 50), (54, 50), (14, 94), (14, 94), (88, 92)),),
    (((88, 8), (24, 8), (24, 8), (22, 96)),),
    (((50, 6), (10, 92), (10, 92), (92, 90), (92, 90), (50, 6)),),
    (((8, 94), (36, 92), (36, 92), (14, 50), (50, 8), (86, 50), (64, 92), (64, 92), (92, 94)),),
    (((26, 6), (76, 6), (76, 6), (76, 94), (76, 94), (26, 94)),),
    (((74, 6), (24, 6), (24, 6), (24, 94), (24, 94), (74, 94)),),
    (((50, 50), (22, 28), (8, 52), (26, 72), (50, 50), (74, 28), (92, 50), (74, 72), (50, 50)),),
    (((4, 56), (20, 52), (20, 52), (36, 92), (36, 92), (52, 8), (52, 8), (96, 8)),),
    (((4, 50), (94, 50)), ((66, 26), (94, 50), (94, 50), (66, 76))),
    (((6, 56), (32, 90), (32, 90), (94, 10)),),
    (((20, 94), (50, 4), (50, 4), (82, 94), (82, 94), (4, 38), (4, 38), (96, 38), (96, 38), (20, 94)),),
    (((4, 60), (22, 36), (48, 56), (72, 74), (96, 46)),),
)
# The stroke fonts of Hershey (1967), including scripts.
_FONTS = tuple(range(cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX + 1))
# The share of symbols that are typed, not drawn.
_TYPED_SYMBOLS = 0.3
_CANVAS = 96
_BLOT = 40
_DOME = np.float32(1.0) - 1.4 * np.hypot(*np.mgrid[-1 : 1 : complex(0, _BLOT), -1 : 1 : complex(0, _BLOT)]).astype("f4")


@dataclass(frozen=True)
class OutlierExposure:
    """`factor` is the range of the probability, `kinds` are names in `KINDS`."""

    factor: Range
    kinds: tuple[str, ...]

    def mix(self, images: Images, shares: Shares, generator: _Generator) -> tuple[Images, Shares]:
        count = len(images)
        selected = np.flatnonzero(generator.random(count) < draw_uniform(self.factor, count, generator))
        out, out_shares = images.copy(), shares.copy()
        for index in selected:
            kind = self.kinds[generator.integers(len(self.kinds))]
            out[index] = make_outlier(kind, images, shares.argmax(axis=1), generator)
        out_shares[selected] = 1 / shares.shape[1]
        return out, out_shares


def make_outlier(kind: str, images: Images, classes: _Classes, generator: _Generator) -> _Image:
    """An outlier, uint8, (height, width, channels), of a kind in `KINDS`, beside or from `images` of `classes`."""
    return _MAKERS[kind](images, classes, generator)


def _pieces(images: Images, classes: _Classes, generator: _Generator) -> _Image:
    """Halves of two images of different classes, or quarters of several, randomly mirrored."""
    height, width = images.shape[1:3]
    row, column = (int(generator.integers(side // 3, side - side // 3 + 1)) for side in (height, width))
    cut_rows, cut_columns = (((row,), ()), ((), (column,)), ((row,), (column,)))[generator.integers(3)]
    out: _Image = np.empty(images.shape[1:], dtype=np.uint8)
    last = None
    for rows in map(slice, (0, *cut_rows), (*cut_rows, height)):
        for columns in map(slice, (0, *cut_columns), (*cut_columns, width)):
            others = np.flatnonzero(classes != last)
            index = generator.choice(others if len(others) else len(images))
            last = classes[index]
            flips = tuple(slice(None, None, int(step)) for step in generator.choice((-1, 1), 2))
            out[rows, columns] = images[index][flips][rows, columns]
    return out


def _noise(images: Images, _classes: _Classes, generator: _Generator) -> _Image:
    """Gaussian noise of random smoothness, contrast and brightness."""
    shape = images.shape[1:]
    noise = cv2.GaussianBlur(
        generator.standard_normal(shape, np.float32), (0, 0), generator.uniform(0.2, max(shape[:2]) / 8)
    ).reshape(shape)
    levels = generator.uniform(40, 160) / (noise.std() + 1e-6) * noise + generator.uniform(-60, 160)
    return to_uint8(levels)


def _row(images: Images, _classes: _Classes, generator: _Generator) -> _Image:
    """Two or three images side by side, which may touch, about 0.7 of the image large."""
    height, width, channels = images.shape[1:]
    chosen = images[generator.integers(len(images), size=int(generator.integers(2, 4)))].max(axis=3)
    across = np.zeros((height, 0), np.uint8)
    for image in chosen:
        [columns] = image.any(axis=0).nonzero()
        piece = image[:, columns[0] : columns[-1] + 1] if len(columns) else image
        overlap = min(int(generator.integers(-4, 3)), across.shape[1], piece.shape[1])
        if overlap > 0:
            shared = np.maximum(across[:, -overlap:], piece[:, :overlap])
            across = np.concatenate([across[:, :-overlap], shared, piece[:, overlap:]], axis=1)
        else:
            across = np.concatenate([across, np.zeros((height, -overlap), np.uint8), piece], axis=1)
    scale = 0.7 * min(height, width) / max(across.shape)
    place = np.array([[scale, 0, width / 2 - scale * across.shape[1] / 2], [0, scale, height / 2 - scale * height / 2]])
    thick = cv2.dilate(across, np.ones((2, 2), np.uint8)) if scale < 0.55 else across
    row = cv2.warpAffine(thick, place, (width, height), flags=cv2.INTER_AREA)
    return _in_channels(np.asarray(row, np.uint8), channels)


def _symbol(images: Images, _classes: _Classes, generator: _Generator) -> _Image:
    if generator.random() < _TYPED_SYMBOLS:
        return _text(_SYMBOLS[generator.integers(len(_SYMBOLS))], images, generator)
    height, width, channels = images.shape[1:]
    strokes = _DRAWN_SYMBOLS[generator.integers(len(_DRAWN_SYMBOLS))]
    drawing = draw_strokes([np.array(stroke, np.float64) for stroke in strokes], generator)
    return _in_channels(resize(drawing, height, width), channels)


def _shape(images: Images, _classes: _Classes, generator: _Generator) -> _Image:
    """What remains of a photo of a thing: blots of uneven ink, wider than high, about 0.7 of the image large."""
    height, width, channels = images.shape[1:]
    rough = generator.standard_normal((int(generator.integers(3, 8)), int(generator.integers(4, 12))), np.float32)
    outline = generator.uniform(0.2, 0.6) * cv2.resize(rough, (_BLOT, _BLOT), interpolation=cv2.INTER_CUBIC) + _DOME
    texture = cv2.resize(generator.random((9, 14), np.float32), (_BLOT, _BLOT), interpolation=cv2.INTER_CUBIC)
    depth = generator.uniform(0.1, 0.7)
    ink = to_uint8(255 * np.clip(outline * generator.uniform(1, 6), 0, 1) * (1 - depth * texture))
    across = 0.7 * min(height, width) / _BLOT * generator.uniform(0.9, 1.1)
    down = across * generator.uniform(0.35, 0.85)
    place = np.array([[across, 0, width / 2 - across * _BLOT / 2], [0, down, height / 2 - down * _BLOT / 2]])
    blot = cv2.warpAffine(ink, place, (width, height), flags=cv2.INTER_AREA)
    return _in_channels(np.asarray(blot, np.uint8), channels)


def _letter(images: Images, _classes: _Classes, generator: _Generator) -> _Image:
    return _text(_LETTERS[generator.integers(len(_LETTERS))], images, generator)


def _text(text: str, images: Images, generator: _Generator) -> _Image:
    """A character, light on black, centered, about 0.7 of the image large, slightly rotated, slanted and stretched."""
    height, width, channels = images.shape[1:]
    font = _FONTS[generator.integers(len(_FONTS))]
    canvas = np.zeros((_CANVAS, _CANVAS), np.uint8)
    cv2.putText(canvas, text, (24, 68), font, 2.0, 255, int(generator.integers(3, 12)), cv2.LINE_AA)
    left, top, across, down = cv2.boundingRect(canvas)
    scale = 0.7 * min(height, width) / max(across, down)
    turn = cv2.getRotationMatrix2D(
        (left + across / 2, top + down / 2), generator.uniform(-12, 12), scale * generator.uniform(0.9, 1.05)
    )
    turn[0] = (turn[0] + generator.uniform(-0.3, 0.3) * turn[1]) * generator.uniform(0.75, 1.1)
    middle = turn @ (left + across / 2, top + down / 2, 1)
    turn[:, 2] += (width / 2, height / 2) - middle + generator.uniform(-0.05, 0.05, 2) * (width, height)
    # Smoothed before it is reduced, against aliasing.
    smooth = cv2.GaussianBlur(canvas, (0, 0), 0.4 / scale)
    letter = cv2.warpAffine(smooth, turn, (width, height))
    return _in_channels(np.asarray(letter, np.uint8), channels)


def _in_channels(image: NDArray[np.uint8], channels: int) -> _Image:
    return np.repeat(image[..., None], channels, axis=2)


_MAKERS: Mapping[str, Callable[[Images, _Classes, _Generator], _Image]] = {
    "pieces": _pieces,
    "noise": _noise,
    "letters": _letter,
    "rows": _row,
    "symbols": _symbol,
    "shapes": _shape,
}
KINDS: Sequence[str] = tuple(_MAKERS)
