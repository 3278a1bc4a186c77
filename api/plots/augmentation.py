"""What a network is shown: samples after preprocessing, each beside changed copies of itself."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from api.plots.figure import INK, PALE, header
from api.plots.writing import shortened
from imaging.augmentation import Augmentation
from models_store.samples import Samples
from specs.experiment import ExperimentSpec

_ROWS = 6
_COPIES = 7
_CELL_INCHES = 1.15
_GAP = 0.08
_LINE = 0.14  # the height of a line of a caption, in cells
_SIZE = 7  # of captions, in points
_SHARE_INCHES = 0.36  # what "100% " takes of a caption
_SHARES = 2  # of a mixed label are named


class Cell(NamedTuple):
    image: NDArray[np.uint8]
    caption: str


def augmentation_figure(spec: ExperimentSpec, samples: Samples, origin: str) -> Figure:
    """`origin` says in words what the samples are."""
    names = tuple(dict.fromkeys(samples.labels))
    layers = [layer.model_dump() for layer in spec.augmentation.layers] if spec.augmentation else []
    if layers:
        rows = _changed(samples, names, Augmentation(layers, len(names)), spec.training.seed)
        columns = ["original", *(f"copy {number}" for number in range(1, _COPIES + 1))]
    else:
        rows, columns = _unchanged(samples), []
    return _sheet(rows, columns, f"{spec.name}: what the network is shown", _described(spec, origin))


def _described(spec: ExperimentSpec, origin: str) -> list[str]:
    shape = "x".join(map(str, spec.input_shape))
    scale = spec.preprocessing.scale
    pixels = "raw pixels" if scale == "none" else f"pixels still to be scaled ({scale})"
    if spec.augmentation is None:
        return [f"no augmentation; {shape}, {pixels}", origin]
    layers = ", ".join(layer.type for layer in spec.augmentation.layers)
    return [f"{layers}; copies: {spec.augmentation.copies}; {shape}, {pixels}", origin]


def _changed(samples: Samples, names: tuple[str, ...], augmentation: Augmentation, seed: int) -> list[list[Cell]]:
    generator = np.random.default_rng(seed)
    labels = np.array([names.index(label) for label in samples.labels], dtype=np.int64)
    # All samples go through, so that pictures are mixed with more than those that are shown.
    batches = [augmentation(samples.images, labels, generator) for _ in range(_COPIES)]
    return [
        [
            Cell(image, shortened(label, _CELL_INCHES, _SIZE)),
            *(Cell(images[row], _mixed(shares[row], names)) for images, shares in batches),
        ]
        for row, (image, label) in enumerate(zip(samples.images[:_ROWS], samples.labels, strict=False))
    ]


def _unchanged(samples: Samples) -> list[list[Cell]]:
    cells = [
        Cell(image, shortened(label, _CELL_INCHES, _SIZE))
        for image, label in zip(samples.images, samples.labels, strict=True)
    ]
    return [cells[start : start + _COPIES + 1] for start in range(0, len(cells), _COPIES + 1)]


def _mixed(label: NDArray[np.generic], names: Sequence[str]) -> str:
    """Nothing for a label that is as it was."""
    if label.ndim == 0:
        return ""
    shares = label.astype(float)
    largest = [place for place in np.argsort(-shares)[:_SHARES] if shares[place] >= 0.005]
    room = _CELL_INCHES - _SHARE_INCHES
    return "\n".join(f"{shares[place]:.0%} {shortened(names[place], room, _SIZE)}" for place in largest)


def _sheet(rows: list[list[Cell]], columns: list[str], title: str, lines: list[str]) -> Figure:
    height, width = rows[0][0].image.shape[:2]
    # The longer side is one cell, so that neither wide nor tall pictures get out of hand.
    size = (width / max(height, width), height / max(height, width))
    caption = _LINE * max(cell.caption.count("\n") + 1 for row in rows for cell in row)
    # Captions are as wide as a cell, however narrow the pictures are.
    pitch = (max(size[0], 1.0) + _GAP, size[1] + caption + _GAP)
    across, down = max(map(len, rows)) * pitch[0], len(rows) * pitch[1] + (_LINE if columns else 0) + _GAP
    figure, axes = header(title, lines, (max(across, 5.0) * _CELL_INCHES, down * _CELL_INCHES))
    axes.set(xlim=(0, max(across, 5.0)), ylim=(down, 0))
    axes.set_axis_off()
    for column, name in enumerate(columns):
        axes.text(column * pitch[0] + pitch[0] / 2, 0, name, ha="center", va="top", fontsize=_SIZE, color=PALE)
    top = _LINE + _GAP if columns else _GAP
    for cell, x, y in _placed(rows, pitch, top):
        _show(axes, cell, x + (pitch[0] - size[0]) / 2, y, size)
    return figure


def _placed(rows: list[list[Cell]], pitch: tuple[float, float], top: float) -> Iterator[tuple[Cell, float, float]]:
    for down, row in enumerate(rows):
        for across, cell in enumerate(row):
            yield cell, across * pitch[0], top + down * pitch[1]


def _show(axes: Axes, cell: Cell, left: float, top: float, size: tuple[float, float]) -> None:
    image = cell.image[..., 0] if cell.image.shape[2] == 1 else cell.image
    extent = (left, left + size[0], top + size[1], top)
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, extent=extent, aspect="auto")
    middle = left + size[0] / 2
    axes.text(middle, top + size[1] + 0.02, cell.caption, ha="center", va="top", fontsize=_SIZE, color=INK)
