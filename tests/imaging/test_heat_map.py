import numpy as np

from imaging.heat_map import draw_heat_map


def test_cells_are_orange_for_and_blue_against() -> None:
    pixels = np.zeros((28, 28, 1), dtype=np.uint8)
    strengths = np.zeros((14, 14))
    strengths[0, 0], strengths[13, 13] = 1.0, -1.0

    drawn = np.asarray(draw_heat_map(pixels, strengths, 2))

    assert drawn.shape == (224, 224, 3)
    assert drawn[0, 0].tolist() == drawn[15, 15].tolist() == [204, 102, 0]
    assert drawn[-1, -1].tolist() == [32, 112, 204]
    assert not drawn[16:208, 16:208].any()


def test_last_cells_may_be_cut_off() -> None:
    pixels = np.full((300, 250, 3), 200, dtype=np.uint8)

    drawn = np.asarray(draw_heat_map(pixels, np.zeros((7, 6)), 43))

    assert drawn.shape == (300, 250, 3)
    assert (drawn == 200).all()
