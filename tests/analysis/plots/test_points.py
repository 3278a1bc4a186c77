import numpy as np
from matplotlib.colors import to_hex

from analysis.plots.points import points_figure

POINTS = np.array([[0, 1], [2, 3], [4, 5]], np.float32)
LABELS = np.array([1, 0, 1])


def test_points_are_drawn_by_class() -> None:
    [axes] = points_figure("blobs", POINTS, LABELS, ("a", "b", "c")).axes

    drawn = {str(each.get_label()): np.asarray(each.get_offsets()).tolist() for each in axes.collections}
    assert drawn == {"a": [[2, 3]], "b": [[0, 1], [4, 5]]}
    assert len({to_hex(np.asarray(each.get_facecolor())[0]) for each in axes.collections}) == 2
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b"]


def test_no_points_give_an_empty_plot() -> None:
    figure = points_figure("blobs", POINTS[:0], LABELS[:0], ("a", "b"))

    assert "0 points" in " ".join(text.get_text() for text in figure.texts)
    assert figure.axes[0].get_legend() is None
