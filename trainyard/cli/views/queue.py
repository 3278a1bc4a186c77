"""The queue as a table."""

from collections import Counter
from collections.abc import Iterator

from rich.console import RenderableType

from trainyard.answers.service import Queue, QueuedExperiment
from trainyard.cli.views.tables import Listing, prose, right
from trainyard.cli.views.text import count_text, duration_text


def queue_view(queue: Queue) -> Iterator[RenderableType]:
    if queue.paused:
        yield "the queue is paused: `trainyard queue resume` starts what waits"
    if not queue.running and not queue.queued:
        yield "no experiment runs or waits"
        return
    headers = (
        "experiment",
        prose("name"),
        "dataset",
        "status",
        right("priority"),
        right("starts in"),
        right("ends in"),
    )
    yield Listing(headers, map(_queue_row, (*queue.running, *queue.items)))
    yield from () if queue.paused else _reason_lines(queue)
    if queue.queued > len(queue.items):
        yield f"and {count_text(queue.queued - len(queue.items), 'more experiment')} in the queue"


def _reason_lines(queue: Queue) -> Iterator[str]:
    """What keeps some from being started, each reason once."""
    reasons = Counter(each.waits_because for each in queue.items if each.waits_because)
    for reason, number in reasons.items():
        yield f"{count_text(number, 'experiment')} held back: {reason}"


def _queue_row(each: QueuedExperiment) -> tuple[str, ...]:
    start = "" if each.status == "running" else _time_text(each.starts_in_seconds)
    priority = str(each.priority) if each.priority else ""
    return each.id, each.name, each.dataset, each.status, priority, start, _time_text(each.ends_in_seconds)


def _time_text(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    return duration_text(seconds) if seconds else "now"
