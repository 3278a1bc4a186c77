import io
from typing import Any

from rich.console import Console

from tests.trainyard import samples
from trainyard.answers import EpochEnd, Event, ProgressUpdate, StatusChange, StreamEnd
from trainyard.cli.views.training import make_view

KILLED = {"type": "killed", "message": "killed by signal 9"}
EVENTS: tuple[Event, ...] = (
    StatusChange.model_validate({"status": "queued", "attempts": 1, "error": KILLED}),
    StatusChange(status="running", attempts=2),
    ProgressUpdate.model_validate(samples.progress(phase="starting")),
    ProgressUpdate.model_validate(
        samples.progress(step=5, steps_per_epoch=10, steps_per_second=120.4, eta_seconds=3.2)
    ),
    EpochEnd(epoch=0, seconds=1.0, metrics={"loss": 0.5, "val_accuracy": None, "learning_rate": 0.001}),
    StreamEnd(status="succeeded"),
)


def show_events(**options: Any) -> str:
    screen = Console(file=io.StringIO(), width=100, markup=False, highlight=False, **options)
    with make_view(screen, epochs=2) as view:
        for event in EVENTS:
            view.show(event)
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def test_without_terminal_each_epoch_is_a_line() -> None:
    assert show_events().splitlines() == [
        "queued: killed by signal 9",
        "running, attempt 2",
        "epoch 1/2  loss 0.5000  val_accuracy not finite  learning_rate 0.0010",
    ]


def test_terminal_shows_a_bar_with_pace_and_metrics() -> None:
    text = show_events(force_terminal=True, color_system=None)
    assert "killed by signal 9" in text
    assert "epoch 1/2" in text
    assert "120 steps/s, 3 s left" in text
    assert "loss 0.5000  val_accuracy not finite" in text
    assert "learning_rate" not in text
