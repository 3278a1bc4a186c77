"""What a copy of a store is made of: its records and their files, in the order in which they are copied."""

import os
from collections.abc import Container, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from models_store.errors import InvalidState
from models_store.experiments.folders import ATTEMPTS

COPY_FILE = "copy.json"
# Others name experiments, and these name datasets. What is hidden of both is copied behind them.
_LAST: Final = ("experiments", "datasets", "holdout")
# Folders that a store makes again, or forgets within the hour.
LEFT_OUT: Final = frozenset({"published", "predictions", COPY_FILE})
_UNFINISHED: Final = frozenset({"staged"})
# A record that changes more often than it can be copied is as a kill would have left it.
MAX_TRIES = 4


class UnreadableError(Exception):
    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(path, error)
        self.path = path
        self.reason = error.strerror


def check_source(source: Path) -> None:
    if not (source / "experiments").is_dir():
        raise InvalidState(f"{source} is not a store: expected a folder with `experiments` in it, as var/store")


def copying_order(path: Path) -> tuple[int, str]:
    return (_LAST.index(path.name) + 1 if path.name in _LAST else 0, path.name)


def list_entries(folder: Path, left_out: Container[str] = ()) -> Iterator[Path]:
    """What a copy has of a folder, without locks and unfinished writes, whose names begin with a dot."""
    with suppress(FileNotFoundError):
        for path in sorted(folder.iterdir()):
            if not path.name.startswith(".") and path.name not in left_out:
                yield path


def unfinished_in(folder: Path) -> Container[str]:
    """What is left out of `folder`, since a copy of it could not be continued."""
    return _UNFINISHED if folder.parent.name == ATTEMPTS else ()


def read_records(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Content and time of the files that are replaced when the record changes. Raises UnreadableError."""
    found = {}
    for path in folder.glob("*.json"):
        try:
            with path.open("rb") as file:
                found[path.name] = file.read(), os.fstat(file.fileno()).st_mtime_ns
        except FileNotFoundError:
            continue
        except OSError as error:
            raise UnreadableError(path, error) from error
    return found
