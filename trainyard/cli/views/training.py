"""A training as it happens: a progress bar in a terminal, plain lines elsewhere."""

from contextlib import AbstractContextManager
from typing import Any, Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.text import Text

from trainyard.answers.events import EpochEnd, Event, ProgressUpdate, StatusChange
from trainyard.answers.experiments import Experiment
from trainyard.cli.views.experiments import outcome_lines
from trainyard.cli.views.text import metrics_text, pace_text
from trainyard.client import Client

_HIDDEN_METRIC = "learning_rate"


class TrainingView(AbstractContextManager["TrainingView"], Protocol):
    """A context in which events are shown."""

    def show(self, event: Event) -> None: ...


def follow(client: Client, experiment_id: str, screen: Console) -> Experiment:
    """Show an experiment until it ends, then how it ended; return its last record."""
    with make_view(screen, client.get(experiment_id).planned_epochs) as view:
        for event in client.events(experiment_id):
            view.show(event)
    experiment = client.get(experiment_id)
    for line in outcome_lines(experiment):
        screen.print(line)
    return experiment


def make_view(screen: Console, epochs: int) -> TrainingView:
    return BarView(screen, epochs) if screen.is_terminal else LineView(screen, epochs)


class LineView(TrainingView):
    """A line for each epoch and each change of status but the last, which the outcome shows."""

    def __init__(self, screen: Console, epochs: int) -> None:
        self._screen = screen
        self._epochs = epochs

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, event: Event) -> None:
        match event:
            case StatusChange(status="queued" | "running"):
                self._screen.print(status_text(event))
            case EpochEnd():
                self._screen.print(f"epoch {event.epoch + 1}/{self._epochs}  {metrics_text(event.metrics)}")


class BarView(TrainingView):
    """A bar that advances with the batches, with rate and time left; below it the metrics of the last epoch."""

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
        match event:
            case StatusChange():
                self._show_status(event)
            case ProgressUpdate():
                self._show_progress(event)
            case EpochEnd():
                self._show_epoch(event)

    def _show_status(self, change: StatusChange) -> None:
        self._update(description=change.status, pace="")
        if change.error:
            self._screen.print(status_text(change))

    def _show_progress(self, update: ProgressUpdate) -> None:
        if update.phase != "training":
            self._update(description=update.phase, pace="")
            return
        share = update.step / update.steps_per_epoch if update.steps_per_epoch else 0.0
        position = f"epoch {min(update.epoch + 1, self._epochs)}/{self._epochs}"
        pace = pace_text(update.steps_per_second, update.eta_seconds)
        self._update(description=position, completed=update.epoch + share, pace=pace)

    def _show_epoch(self, end: EpochEnd) -> None:
        shown = {name: value for name, value in end.metrics.items() if name != _HIDDEN_METRIC}
        self._metrics.plain = f"  {metrics_text(shown)}"
        self._update(completed=end.epoch + 1)

    def _update(self, **changes: Any) -> None:
        self._progress.update(self._task, **changes)


def status_text(change: StatusChange) -> str:
    """The status, and the error of the attempt before."""
    again = f", attempt {change.attempts}" if change.attempts > 1 else ""
    return f"{change.status}{again}" + (f": {change.error.message}" if change.error else "")
