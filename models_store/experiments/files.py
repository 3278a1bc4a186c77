"""The files of an experiment."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from models_store.artifacts import ARTIFACTS, EVALUATION_FILE, MANIFEST_FILE, read_manifest
from models_store.errors import Damaged, NotFound
from models_store.evaluations.predictions import predictions_file
from models_store.experiments.checkpoints import training_state
from models_store.experiments.folders import ATTEMPTS, RECORD_FILE
from models_store.experiments.history import HISTORY_FILE
from models_store.experiments.log import LOG_FILE

# The newest checkpoint, whatever its name on disk.
STATE_FILE = "state.npz"


class StoredFile(NamedTuple):
    """`sha256` is that of a published file; None of one that may change."""

    name: str
    path: Path
    bytes: int
    sha256: str | None = None


_TEST_RESULTS = frozenset({EVALUATION_FILE, predictions_file("test")})
# Among other things; the manifest by the size of the predictions, which has an image for each misclassified sample.
_TELLING = _TEST_RESULTS | {RECORD_FILE, LOG_FILE, MANIFEST_FILE}


def tells_test_results(name: str, is_hidden: bool) -> bool:
    """Whether a file is of results on the test split, or while these `is_hidden`, lets anything of them be known."""
    return name in (_TELLING if is_hidden else _TEST_RESULTS)


def stored_files(folder: Path) -> list[StoredFile]:
    """Of the experiment in `folder`: record, history, log and training state, as far as they are there, then the
    published result. Without a readable manifest the latter is left out."""
    own = [(name, folder / name) for name in (RECORD_FILE, HISTORY_FILE, LOG_FILE)]
    if (state := training_state(folder / ATTEMPTS)) is not None:
        own.append((STATE_FILE, state.path))
    artifacts = folder / ARTIFACTS
    try:
        published = read_manifest(artifacts).files
    except (NotFound, Damaged):
        return list(_stored(own))
    own.append((MANIFEST_FILE, artifacts / MANIFEST_FILE))
    there = [(artifacts / name, entry) for name, entry in published.items() if (artifacts / name).is_file()]
    return [*_stored(own), *(StoredFile(path.name, path, entry.bytes, entry.sha256) for path, entry in there)]


def _stored(files: list[tuple[str, Path]]) -> Iterator[StoredFile]:
    """Those that exist."""
    for name, path in files:
        with suppress(FileNotFoundError):
            yield StoredFile(name, path, path.stat().st_size)
