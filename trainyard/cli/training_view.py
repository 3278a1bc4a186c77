"""A training as it happens: a progress bar in a terminal, plain lines elsewhere."""

from contextlib import AbstractContextManager
from typing import Any, Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.text import Text

from trainyard.cli.output import metrics_text
from trainyard.client import JsonObject
from trainyard.event_stream import Event

_BEHIND_THE_SCENES = "learning_rate"


class TrainingView(AbstractContextManager["TrainingView"], Protocol):
    """A context in which events are shown."""

    def show(self, event: Event) -> None: ...


def planned_epochs(record: JsonObject) -> int:
    """As the spec has it; 0 for a damaged record, which has no spec."""
    return int(record["spec"].get("training", {}).get("epochs", 0))


def training_view(screen: Console, record: JsonObject) -> TrainingView:
    epochs = planned_epochs(record)
    return Bar(screen, epochs) if screen.is_terminal else Lines(screen, epochs)


class Lines(TrainingView):
    """One line for each epoch and each change of status up to the last, which the outcome tells."""

    def __init__(self, screen: Console, epochs: int) -> None:
        self._screen = screen
        self._epochs = epochs

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, event: Event) -> None:
        if event.kind == "status" and event.data["status"] in ("queued", "running"):
            self._screen.print(status_text(event.data))
        elif event.kind == "epoch":
            self._screen.print(f"epoch {event.data['epoch'] + 1}/{self._epochs}  {metrics_text(event.data['metrics'])}")


class Bar(TrainingView):
    """A bar that moves with the batches, with rate and time left; below it the metrics of the last epoch."""

    def __init__(self, screen: Console, epochs: int) -> None:
        self._screen = screen
        self._epochs = epochs
        self._metrics = Text(no_wrap=True, overflow="ellipsis")
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[pace]}", markup=False),
            console=screen,
        )
        self._task = self._progress.add_task("waiting", total=epochs, pace="")
        self._live = Live(Group(self._progress, self._metrics), console=screen)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, event: Event) -> None:
        match event.kind:
            case "status":
                self._show_status(event.data)
            case "progress":
                self._show_progress(event.data)
            case "epoch":
                self._show_epoch(event.data)

    def _show_status(self, status: JsonObject) -> None:
        self._update(description=str(status["status"]), pace="")
        if status.get("error"):
            self._screen.print(status_text(status))

    def _show_progress(self, progress: JsonObject) -> None:
        if progress["phase"] != "training":
            self._update(description=str(progress["phase"]), pace="")
            return
        epoch, steps = progress["epoch"], progress["steps_per_epoch"]
        part = progress["step"] / steps if steps else 0.0
        place = f"epoch {min(epoch + 1, self._epochs)}/{self._epochs}"
        self._update(description=place, completed=epoch + part, pace=pace_text(progress))

    def _show_epoch(self, point: JsonObject) -> None:
        shown = {name: value for name, value in point["metrics"].items() if name != _BEHIND_THE_SCENES}
        self._metrics.plain = f"  {metrics_text(shown)}"
        self._update(completed=point["epoch"] + 1)

    def _update(self, **changes: Any) -> None:
        self._progress.update(self._task, **changes)


def status_text(status: JsonObject) -> str:
    """The status, and what an earlier attempt ended by if this is another one."""
    attempts = status.get("attempts") or 0
    again = f", attempt {attempts}" if attempts > 1 else ""
    error = status.get("error")
    return f"{status['status']}{again}" + (f": {error['message']}" if error else "")


def pace_text(progress: JsonObject) -> str:
    rate, left = progress.get("steps_per_second"), progress.get("eta_seconds")
    words = [] if rate is None else [f"{rate:.0f} steps/s" if rate >= 10 else f"{rate:.1f} steps/s"]
    return ", ".join(words if left is None else [*words, f"{duration_text(left)} left"])


def duration_text(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
