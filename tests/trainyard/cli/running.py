"""Commands, run in this process."""

from typing import Any

import pytest

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, epoch_event, sse
from trainyard.cli.main import main


def run(*arguments: str) -> int:
    """The exit status."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    return int(end.value.code or 0)


def words(text: str) -> list[str]:
    """Lines with single spaces."""
    return [" ".join(line.split()) for line in text.splitlines()]


def ended(status: str, **changes: Any) -> tuple[Answer, Answer]:
    """The events and the record of an experiment that has ended after one epoch."""
    running = {"status": "running", "attempts": 1, "error": None, "stop_reason": None}
    stream = sse("status", running) + epoch_event(0, loss=1.0) + sse("end", {"status": status})
    return Answer(stream), Answer(samples.experiment(status=status, epochs_completed=1, **changes))
