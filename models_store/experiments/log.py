"""The log of an experiment: what its trainers log while they train it, and how each attempt ends."""

import re
from contextlib import suppress
from pathlib import Path

from models_store.frozen import utc_now

LOG_FILE = "trainer.log"
# Of the file and the one before it, which it replaces when it has half of that.
MAX_LOG_BYTES = 1_000_000
OLDER_SUFFIX = ".1"
# As `worker.training.job_log.describe_metrics` writes them.
_TESTED = re.compile(r"\b(test_\w+) (?:not finite|[0-9.e+-]+)")


def append_line(folder: Path, text: str) -> None:
    """To the log of the experiment in `folder`, as a trainer does. A line that cannot be written is lost."""
    time = utc_now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    with suppress(OSError), (folder / LOG_FILE).open("a", encoding="utf-8") as file:
        file.write(f"{time} INFO {text}\n")


def read_log(folder: Path, test_hidden: bool = False) -> str:
    """That of the experiment in `folder`, without what is too old; empty before the first trainer has begun. With
    `test_hidden`, without the metrics on the test split."""
    pieces = []
    for name in (f"{LOG_FILE}{OLDER_SUFFIX}", LOG_FILE):
        with suppress(FileNotFoundError):
            pieces.append((folder / name).read_bytes())
    text = b"".join(pieces).decode(errors="replace")
    return _TESTED.sub(r"\1 hidden", text) if test_hidden else text
