import cv2
import numpy as np
import pytest

# Pen strokes in a square of 100, from point to point.
STROKES = {
    0: [[(50, 8), (28, 22), (20, 50), (28, 78), (50, 92), (72, 78), (80, 50), (72, 22), (50, 8)]],
    1: [[(35, 25), (55, 8), (52, 92)]],
    2: [[(22, 28), (40, 9), (68, 14), (72, 38), (20, 90), (82, 88)]],
    3: [[(24, 14), (70, 12), (44, 44), (72, 56), (70, 80), (46, 92), (22, 82)]],
    4: [[(60, 92), (64, 8), (18, 66), (84, 64)]],
    5: [[(76, 10), (34, 10), (28, 46), (62, 44), (76, 66), (60, 90), (24, 86)]],
    6: [[(66, 8), (34, 40), (24, 72), (44, 92), (70, 82), (72, 60), (50, 52), (27, 66)]],
    7: [[(20, 12), (80, 10), (44, 92)], [(34, 50), (68, 48)]],
    8: [[(68, 20), (46, 8), (30, 24), (70, 70), (52, 92), (30, 76), (68, 20)]],
    9: [[(72, 24), (48, 10), (28, 30), (46, 50), (72, 24), (62, 92)]],
}


def drawn(digit: int) -> np.ndarray:
    """(28, 28), uint8: light on black, in about the place that MNIST gives it."""
    large = np.zeros((448, 448), np.uint8)
    for stroke in STROKES[digit]:
        points = np.array(stroke) * 3.5 + 49
        cv2.polylines(large, [points.astype(np.int32)], isClosed=False, color=255, thickness=42, lineType=cv2.LINE_AA)
    return cv2.resize(large, (28, 28), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="session")
def digits() -> np.ndarray:
    return np.stack([drawn(digit) for digit in range(10)])
