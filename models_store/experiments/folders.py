"""The records of experiments on disk, a folder each."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError
from ulid import ULID

from models_store import artifacts
from models_store.corrections.collected_test import CollectedTest
from models_store.datasets.folders import DatasetFolders
from models_store.errors import Damaged, Newer, NotFound
from models_store.experiments.checkpoints import CheckpointFile, share_state
from models_store.experiments.learnt import Learnt
from models_store.experiments.newer import UNKNOWN_VERSION, newer_record
from models_store.experiments.record import Record, Status
from models_store.experiments.stored_spec import StoredSpec
from models_store.file_cache import FileCache
from models_store.files import append_line, create_record_folder, lock_folder, remove_stale_temporaries
from models_store.ids import describe_id_mistake, is_experiment_id
from models_store.jobs.failure import Failure
from models_store.versions import may_be_newer
from models_store.visibility import PUBLIC, Privacy, RecordFiles, sees_everything

RECORD_FILE = "experiment.json"
ATTEMPTS = "attempts"
DELETED_FILE = "deleted.jsonl"
# A ULID: the millisecond in ten characters, then 80 random bits.
_TIME_CHARACTERS, _RANDOM_BITS, _END_OF_ULIDS = 10, 80, 1 << 48
# Of the bytes of a record.
_Matches = Callable[[bytes], bool]


class RecordFolders:
    """The folders of experiments under `root`: what is known of them without Redis."""

    def __init__(self, root: Path) -> None:
        self.experiments = root / "experiments"
        self._files = RecordFiles()
        self._ends = FileCache[bool](kept_bytes=0)

    def folder(self, experiment_id: str) -> Path:
        """The experiment's folder, which need not exist, and does not for those to whom it is private. Raises NotFound
        if the id is malformed."""
        if not is_experiment_id(experiment_id):
            raise NotFound(f"experiment {experiment_id[:50]!r} not found: {describe_id_mistake(experiment_id)}")
        folder = self.experiments / experiment_id
        # Upkeep asks for all of them.
        return folder if sees_everything() else self._files.folder(folder / RECORD_FILE)

    def privacy(self, experiment_id: str) -> Privacy:
        """On disk; of one that does not exist, that of what is not private."""
        if not is_experiment_id(experiment_id):
            return PUBLIC
        return self._files.privacy(self.experiments / experiment_id / RECORD_FILE)

    def existing_folder(self, experiment_id: str) -> Path:
        """Raises NotFound if there is no such experiment."""
        folder = self.folder(experiment_id)
        if not folder.is_dir():
            raise NotFound(f"experiment {experiment_id} not found")
        return folder

    def named(self, ids: Iterable[str]) -> list[str]:
        """For a message: what is private to others has no name."""
        return [each if self.privacy(each).is_shown else "a private one" for each in ids]

    def artifacts(self, experiment_id: str) -> Path:
        return self.existing_folder(experiment_id) / artifacts.ARTIFACTS

    def attempt_folder(self, record: Record) -> Path:
        """For the checkpoints and the staged result of the record's current attempt."""
        return self.folder(record.id) / ATTEMPTS / str(record.attempts)

    def add(self, record: Record, state: CheckpointFile | None = None) -> None:
        """Make the folder of a new record, with the training `state` that it starts from, whole or not at all; one that
        is there already stays as it is. Raises StorageFull."""

        def fill(staged: Path) -> None:
            if state is not None:
                share_state(state, staged / ATTEMPTS)

        data = record.model_dump_json().encode()
        create_record_folder(self.folder(record.id), RECORD_FILE, data, f"experiment {record.id}", fill)

    def read(self, experiment_id: str) -> Record:
        """The record on disk. Raises NotFound, Damaged."""
        try:
            return read_record(self.folder(experiment_id))
        except FileNotFoundError as error:
            raise NotFound(f"experiment {experiment_id} not found") from error

    def has_ended(self, experiment_id: str) -> bool:
        """By its record on disk, if that can be read; costs one stat where it has not changed."""
        path = self.folder(experiment_id) / RECORD_FILE
        with suppress(NotFound, Damaged, Newer, OSError):
            return self._ends.get(path, lambda: self.read(experiment_id).status.is_terminal)
        return False

    def read_or_damaged(self, experiment_id: str) -> Record:
        """The record on disk; in place of a damaged one, a failed one that says what is damaged, and of a newer one
        `newer_record`. Raises NotFound."""
        try:
            return self.read(experiment_id)
        except Newer as error:
            return newer_record(experiment_id, self._read_bytes(experiment_id), str(error))
        except Damaged as error:
            created_at = ULID.from_str(experiment_id).datetime
            return Record(
                id=experiment_id,
                version=UNKNOWN_VERSION,
                status=Status.FAILED,
                name=f"damaged {experiment_id}",
                dataset="unknown",
                spec=StoredSpec({}),
                created_at=created_at,
                ended_at=created_at,
                error=Failure(type="damaged", message=str(error)),
                damaged=(RECORD_FILE,),
                # Nobody knows whose it is.
                private=True,
            )

    def _read_bytes(self, experiment_id: str) -> bytes:
        try:
            return (self.folder(experiment_id) / RECORD_FILE).read_bytes()
        except FileNotFoundError as error:  # deleted meanwhile
            raise NotFound(f"experiment {experiment_id} not found") from error

    @contextmanager
    def lock(self, experiment_id: str, seconds: float = 2.0) -> Iterator[Record]:
        """Hold the experiment's lock; yields its record. Raises NotFound, Damaged, Busy after `seconds`."""
        with lock_folder(self.folder(experiment_id), seconds):
            yield self.read(experiment_id)

    def clear_temporaries(self, experiment_id: str) -> None:
        """Remove temporary files of killed attempts. Only under the lock, when a run ends or is requeued: a zombie
        trainer that still writes fails at its next checkpoint."""
        folder = self.folder(experiment_id)
        for each in (folder, *(folder / ATTEMPTS).glob("*")):
            remove_stale_temporaries(each, older_than=0)

    def ids_created_at(self, milliseconds: int) -> list[str]:
        """The ids of the experiments posted in this millisecond since 1970. From disk."""
        if not 0 <= milliseconds < _END_OF_ULIDS:
            return []
        first = str(ULID.from_int(milliseconds << _RANDOM_BITS))[:_TIME_CHARACTERS]
        return sorted(path.name for path in self.experiments.glob(f"{first}*") if is_experiment_id(path.name))

    def ids_since(self, begin: datetime) -> list[str]:
        """The ids of the experiments posted since. From disk."""
        first = str(ULID.from_datetime(begin))[:_TIME_CHARACTERS]
        with os.scandir(self.experiments) as entries:
            return [each.name for each in entries if each.name >= first and is_experiment_id(each.name)]

    def users_of_dataset(self, name: str) -> list[str]:
        """The queued, running and succeeded experiments on dataset `name`, or that add it to another one, and newer
        ones that name it. From disk."""
        return [each.id for each in self.on_dataset(name) if each.status not in (Status.FAILED, Status.CANCELLED)]

    def on_dataset(self, name: str) -> list[Record]:
        """All that are trained on dataset `name`, or add it to another one, in any status, and newer ones that name it.
        From disk."""
        found = [record for record, _ in self._find(_naming(f'"{name}"'))]
        return [
            each
            for each in found
            if each.status is Status.NEWER or name in (each.dataset, *each.spec.dataset.added_names)
        ]

    def users_of_test(self, name: str) -> list[str]:
        """Those that were to be trained or validated on samples of the official test split of `name`, also failed ones:
        they hold out others for the test, add it to another dataset, or train on corrections of such samples. With all
        that start with weights of such ones, directly or not, be they deleted, and newer ones that name it, its
        corrections or such ones. From disk. Raises Damaged."""
        children = defaultdict[str, list[str]](list)
        found = set[str]()
        deleted = self._deleted()
        collected = CollectedTest.of(DatasetFolders(self.experiments.parent), name)
        may_have_learnt = _naming(f'"{name}"', f'"{collected.name}"', '"weights_from":"', '"continue_from":"')
        learnt = [
            Learnt.of_newer(record.id, document, name, collected.name)
            if record.status is Status.NEWER
            else Learnt.of(record)
            for record, document in self._find(lambda data: may_have_learnt(data) or may_be_newer(data))
        ]
        for each in (*deleted, *learnt):
            for parent in each.parents:
                children[parent].append(each.id)
            has_corrections = collected.name in each.test_splits and collected.may_have_taught(each.id)
            if has_corrections or name in each.test_splits:
                found.add(each.id)
        waiting = list(found)
        while waiting:
            new = [each for each in children[waiting.pop()] if each not in found]
            found.update(new)
            waiting += new
        # One that was deleted may be there again: a repeated request with its key makes it again.
        return sorted(each for each in found if (self.experiments / each).exists())

    def remember(self, record: Record) -> None:
        """Before it is deleted: what starts with its weights has learnt what it has. Raises StorageFull."""
        learnt = Learnt.of(record)
        if learnt.parents or learnt.test_splits:
            append_line(self.experiments.parent / DELETED_FILE, learnt.model_dump_json().encode())

    def _deleted(self) -> list[Learnt]:
        found = []
        with suppress(FileNotFoundError):
            for line in (self.experiments.parent / DELETED_FILE).read_bytes().splitlines():
                with suppress(ValidationError):
                    found.append(Learnt.model_validate_json(line))
        return found

    def users_of_weights(self, experiment_id: str, among: Iterable[str] | None = None) -> list[str]:
        """The queued and running experiments that start with its weights, and newer ones that name it, of all or
        `among` these. From disk."""
        is_named = _naming(f'"{experiment_id}"')
        found = self._find(is_named) if among is None else self._read_all(among, is_named)
        others = [record for record, _ in found if record.id != experiment_id]
        return [
            each.id
            for each in others
            if each.status is Status.NEWER
            or (not each.status.is_terminal and each.spec.model.weights_from == experiment_id)
        ]

    def _find(self, matches: _Matches) -> Iterator[tuple[Record, bytes]]:
        on_disk = (path.parent.name for path in sorted(self.experiments.glob(f"*/{RECORD_FILE}")))
        return self._read_all(on_disk, matches)

    def _read_all(self, ids: Iterable[str], matches: _Matches) -> Iterator[tuple[Record, bytes]]:
        """The records on disk whose JSON `matches`, each with that; private ones, too: what they need is kept. In place
        of a newer one `newer_record`."""
        for each in ids:
            with suppress(OSError, Damaged):
                data = (self.experiments / each / RECORD_FILE).read_bytes()
                if matches(data):  # rarely; reading is cheaper than parsing
                    yield _parse_or_newer(each, data), data


def _naming(*marks: str) -> _Matches:
    """Whether JSON contains one of `marks`, anywhere."""
    return lambda document: any(mark.encode() in document for mark in marks)


def read_record(folder: Path) -> Record:
    """The record in an experiment's folder, even if it is private. Raises FileNotFoundError, Damaged."""
    try:
        data = (folder / RECORD_FILE).read_bytes()
    except FileNotFoundError as error:
        if folder.is_dir():
            raise Damaged(f"{RECORD_FILE} of {folder.name} is missing") from error
        raise
    return _parse(folder.name, data)


def _parse(experiment_id: str, data: bytes) -> Record:
    try:
        return Record.model_validate_json(data)
    except ValidationError as error:
        raise Damaged(f"{RECORD_FILE} of {experiment_id} does not parse ({len(data)} bytes)") from error


def _parse_or_newer(experiment_id: str, data: bytes) -> Record:
    try:
        return _parse(experiment_id, data)
    except Newer as error:
        if not is_experiment_id(experiment_id):
            raise
        return newer_record(experiment_id, data, str(error))
