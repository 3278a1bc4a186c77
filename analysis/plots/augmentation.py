"""Plot of the input of a network: samples after preprocessing, each with augmented copies."""

from collections.abc import Iterator

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.plots.augmented_samples import Cell, Sheet
from analysis.plots.figure import INK, PALE, header
from analysis.plots.text_layout import shorten
from specs.experiment import ExperimentSpec

_CELL_INCHES = 1.15
_GAP = 0.08
_LINE = 0.14  # the height of a line of a caption, in cells
_SIZE = 7  # of captions, in points
_SHARE_INCHES = 0.36  # of a caption, for "100% "


def augmentation_figure(spec: ExperimentSpec, sheet: Sheet, origin: str) -> Figure:
    """`origin` is where the samples come from, in words."""
    lines = [_subtitle(spec), origin, *([sheet.note] if sheet.note else [])]
    return _draw(sheet, f"{spec.name}: input of the network", lines)


def _subtitle(spec: ExperimentSpec) -> str:
    shape = "x".join(map(str, spec.input_shape))
    scale = spec.preprocessing.scale
    pixels = "raw pixels" if scale == "none" else f"pixels before scaling ({scale})"
    augmentation = spec.training_augmentation
    if augmentation is None:
        return f"no augmentation; {shape}, {pixels}"
    layers = ", ".join(layer.type for layer in augmentation.layers)
    return f"{layers}; copies: {augmentation.copies}; {shape}, {pixels}"


def _caption(cell: Cell) -> str:
    return "\n".join(
        share + shorten(name, _CELL_INCHES - (_SHARE_INCHES if share else 0), _SIZE) for share, name in cell.label
    )


def _draw(sheet: Sheet, title: str, lines: list[str]) -> Figure:
    rows, columns = sheet.rows, sheet.columns
    height, width = rows[0][0].image.shape[:2]
    # The longer side is one cell, however wide or tall the images are.
    size = (width / max(height, width), height / max(height, width))
    caption = _LINE * max(1, *(len(cell.label) for row in rows for cell in row))
    # Captions are as wide as a cell, however narrow the images are.
    pitch = (max(size[0], 1.0) + _GAP, size[1] + caption + _GAP)
    across, down = max(map(len, rows)) * pitch[0], len(rows) * pitch[1] + (_LINE if columns else 0) + _GAP
    figure, axes = header(title, lines, (max(across, 5.0) * _CELL_INCHES, down * _CELL_INCHES))
    axes.set(xlim=(0, max(across, 5.0)), ylim=(down, 0))
    axes.set_axis_off()
    for column, name in enumerate(columns):
        axes.text(column * pitch[0] + pitch[0] / 2, 0, name, ha="center", va="top", fontsize=_SIZE, color=PALE)
    top = _LINE + _GAP if columns else _GAP
    for cell, x, y in _place(rows, pitch, top):
        _show(axes, cell, x + (pitch[0] - size[0]) / 2, y, size)
    return figure


def _place(rows: list[list[Cell]], pitch: tuple[float, float], top: float) -> Iterator[tuple[Cell, float, float]]:
    for down, row in enumerate(rows):
        for across, cell in enumerate(row):
            yield cell, across * pitch[0], top + down * pitch[1]


def _show(axes: Axes, cell: Cell, left: float, top: float, size: tuple[float, float]) -> None:
    image = cell.image[..., 0] if cell.image.shape[2] == 1 else cell.image
    extent = (left, left + size[0], top + size[1], top)
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, extent=extent, aspect="auto")
    middle = left + size[0] / 2
    axes.text(middle, top + size[1] + 0.02, _caption(cell), ha="center", va="top", fontsize=_SIZE, color=INK)
