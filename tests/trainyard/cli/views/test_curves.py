import pytest

from trainyard.answers import History
from trainyard.cli.views.curves import curve_lines, sparkline


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], "▁▂▃▄▅▆▇█"),
        ([7.0, 0.0, 7.0], "█▁█"),
        ([2.0, 2.0], "▁▁"),
        ([1.0, None, 3.0], "▁ █"),
        ([None], " "),
        ([], ""),
    ],
)
def test_bars_range_from_lowest_to_highest(values: list[float | None], line: str) -> None:
    assert sparkline(values) == line


def test_many_values_are_averaged() -> None:
    assert sparkline([0.0, 2.0, 4.0, 4.0, 14.0, 0.0, 8.0, None], width=4) == "▁▄▇█"  # means of 1, 4, 7, 8


def test_curves_show_first_and_last_value() -> None:
    metrics: dict[str, list[float | None]] = {
        "loss": [2.0, None, 1.0],
        "val_accuracy": [0.25, 0.5, 0.75],
        "accuracy": [None],
        "learning_rate": [1.0],
    }
    assert list(curve_lines(History(epoch=[0, 1, 2], history=metrics))) == [
        "loss          █ ▁  2.0000 to 1.0000",
        "val_accuracy  ▁▅█  0.2500 to 0.7500",
    ]
