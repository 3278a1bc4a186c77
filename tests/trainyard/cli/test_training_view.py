import io
from typing import Any

import pytest
from rich.console import Console

from tests.trainyard.canned_api import a_record
from trainyard.cli.training_view import duration_text, pace_text, training_view
from trainyard.event_stream import Event

EVENTS = (
    Event("status", {"status": "queued", "attempts": 1, "error": {"type": "killed", "message": "killed by signal 9"}}),
    Event("status", {"status": "running", "attempts": 2, "error": None}),
    Event("progress", {"phase": "starting", "epoch": 0, "step": 0, "steps_per_epoch": 0}),
    Event(
        "progress",
        {
            "phase": "training",
            "epoch": 0,
            "step": 5,
            "steps_per_epoch": 10,
            "steps_per_second": 120.4,
            "eta_seconds": 3.2,
        },
    ),
    Event("epoch", {"epoch": 0, "seconds": 1.0, "metrics": {"loss": 0.5, "val_accuracy": None}}, "0"),
    Event("end", {"status": "succeeded"}),
)


def shown(**options: Any) -> str:
    screen = Console(file=io.StringIO(), width=100, markup=False, highlight=False, **options)
    with training_view(screen, a_record()) as view:
        for event in EVENTS:
            view.show(event)
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def test_elsewhere_than_in_a_terminal_each_epoch_is_a_line() -> None:
    assert shown().splitlines() == [
        "queued: killed by signal 9",
        "running, attempt 2",
        "epoch 1/2  loss 0.5000  val_accuracy not finite",
    ]


def test_a_terminal_shows_a_bar_with_epoch_rate_and_metrics() -> None:
    text = shown(force_terminal=True, color_system=None)
    assert "killed by signal 9" in text
    assert "epoch 1/2" in text
    assert "120 steps/s, 3 s left" in text
    assert "loss 0.5000  val_accuracy not finite" in text


def test_a_pace_that_is_not_known_yet_is_left_out() -> None:
    assert pace_text({"steps_per_second": None, "eta_seconds": None}) == ""
    assert pace_text({"steps_per_second": 1.26, "eta_seconds": 61}) == "1.3 steps/s, 1 min 01 s left"


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (59.6, "1 min 00 s"), (3725, "1 h 02 min")])
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
