"""All experiments that match, page by page."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from trainyard.answers.base import JsonObject
from trainyard.answers.experiments import Experiment, ExperimentPage
from trainyard.frames import data_frame
from trainyard.operations import experiments
from trainyard.operations.experiments import Filters
from trainyard.operations.operation import Operation

if TYPE_CHECKING:
    from pandas import DataFrame

_PAGE = 100
_COLUMNS = ("id", "name", "dataset", "status", "tags", "created_at", "ended_at", "epochs_completed", "published_epoch")


class Runs:
    """An iterable of experiments; pages are fetched as they are needed."""

    def __init__(self, send: Callable[[Operation[ExperimentPage]], ExperimentPage], filters: Filters) -> None:
        self._send = send
        self._filters = filters

    def __iter__(self) -> Iterator[Experiment]:
        cursor: str | None = None
        while True:
            page = self._send(experiments.page(_PAGE, cursor, **self._filters))
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def to_frame(self) -> "DataFrame":
        """One row per experiment, by id: metrics of the published epoch (or of the best so far), and `test_` ones.
        Needs pandas."""
        return _frame_of(self)


class AsyncRuns:
    """An asynchronous iterable of experiments; pages are fetched as they are needed."""

    def __init__(
        self, send: Callable[[Operation[ExperimentPage]], Awaitable[ExperimentPage]], filters: Filters
    ) -> None:
        self._send = send
        self._filters = filters

    async def __aiter__(self) -> AsyncIterator[Experiment]:
        cursor: str | None = None
        while True:
            page = await self._send(experiments.page(_PAGE, cursor, **self._filters))
            for experiment in page.items:
                yield experiment
            cursor = page.next_cursor
            if cursor is None:
                return

    async def to_frame(self) -> "DataFrame":
        """One row per experiment, by id: metrics of the published epoch (or of the best so far), and `test_` ones.
        Needs pandas."""
        return _frame_of([experiment async for experiment in self])


def _frame_of(found: Iterable[Experiment]) -> "DataFrame":
    rows = [_row(experiment) for experiment in found]
    frame = data_frame(rows) if rows else data_frame(rows, columns=_COLUMNS)
    return frame.set_index("id")


def _row(experiment: Experiment) -> JsonObject:
    row: dict[str, Any] = {name: getattr(experiment, name) for name in _COLUMNS}
    tested = {f"test_{name}": value for name, value in experiment.test_metrics.items()}
    return {**row, **experiment.shown_metrics, **tested}
