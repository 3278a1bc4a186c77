import pytest

from trainyard.cli.views.text import bytes_text, count_text, duration_text, metric_text, pace_text


def test_unknown_pace_is_left_out() -> None:
    assert pace_text(None, None) == ""
    assert pace_text(1.26, 61) == "1.3 steps/s, 1 min 01 s left"
    assert pace_text(120.4, None) == "120 steps/s"


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (59.6, "1 min 00 s"), (3725, "1 h 02 min")])
def test_durations_have_two_units_at_most(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.98765, "0.9877"), (0.00001, "1.0e-05"), (0.0, "0.0000"), (3, "3.0000"), (None, "not finite")]
)
def test_metrics_have_four_decimals(value: float | None, text: str) -> None:
    assert metric_text(value) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0 epochs"), (1, "1 epoch"), (1200, "1,200 epochs")])
def test_counts_have_their_plural(count: int, text: str) -> None:
    assert count_text(count, "epoch") == text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (123_456, "123 kB"), (8_200_000_000, "8.2 GB")]
)
def test_sizes_have_a_decimal_unit(size: int, text: str) -> None:
    assert bytes_text(size) == text
