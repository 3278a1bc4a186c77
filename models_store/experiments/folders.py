"""The records of experiments on disk, a folder each."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError
from ulid import ULID

from models_store import artifacts
from models_store.errors import Damaged, NotFound
from models_store.experiments.checkpoints import CheckpointFile, share_state
from models_store.experiments.record import Failure, Record, Status
from models_store.experiments.stored_spec import StoredSpec
from models_store.files import (
    create_record_folder,
    lock_folder,
    remove_stale_temporaries,
)
from models_store.ids import describe_id_mistake, is_experiment_id

RECORD_FILE = "experiment.json"
ATTEMPTS = "attempts"
# A ULID: the millisecond in ten characters, then 80 random bits.
_TIME_CHARACTERS, _RANDOM_BITS, _END_OF_ULIDS = 10, 80, 1 << 48


class RecordFolders:
    """The folders of experiments under `root`: what is known of them without Redis."""

    def __init__(self, root: Path) -> None:
        self.experiments = root / "experiments"

    def folder(self, experiment_id: str) -> Path:
        """The experiment's folder, which need not exist. Raises NotFound if the id is malformed."""
        if not is_experiment_id(experiment_id):
            raise NotFound(f"experiment {experiment_id[:50]!r} not found: {describe_id_mistake(experiment_id)}")
        return self.experiments / experiment_id

    def existing_folder(self, experiment_id: str) -> Path:
        """Raises NotFound if there is no such experiment."""
        folder = self.folder(experiment_id)
        if not folder.is_dir():
            raise NotFound(f"experiment {experiment_id} not found")
        return folder

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
            data = (self.folder(experiment_id) / RECORD_FILE).read_bytes()
        except FileNotFoundError as error:
            if self.folder(experiment_id).is_dir():
                raise Damaged(f"{RECORD_FILE} of {experiment_id} is missing") from error
            raise NotFound(f"experiment {experiment_id} not found") from error
        try:
            return Record.model_validate_json(data)
        except ValidationError as error:
            raise Damaged(f"{RECORD_FILE} of {experiment_id} does not parse ({len(data)} bytes)") from error

    def read_or_damaged(self, experiment_id: str) -> Record:
        """The record on disk; in place of a damaged one, a failed one that says what is damaged. Raises NotFound."""
        try:
            return self.read(experiment_id)
        except Damaged as error:
            created_at = ULID.from_str(experiment_id).datetime
            return Record(
                id=experiment_id,
                # Above any version in the view, so that the damage is shown.
                version=2**31,
                status=Status.FAILED,
                name=f"damaged {experiment_id}",
                dataset="unknown",
                spec=StoredSpec({}),
                created_at=created_at,
                ended_at=created_at,
                error=Failure(type="damaged", message=str(error)),
                damaged=(RECORD_FILE,),
            )

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

    def users_of_dataset(self, name: str) -> list[str]:
        """The queued, running and succeeded experiments on dataset `name`, or that add it to another one. From disk."""
        return [
            record.id
            for record in self._find(f'"{name}"')
            if record.status not in (Status.FAILED, Status.CANCELLED)
            and name in (record.dataset, *record.spec.dataset.added_names)
        ]

    def users_of_test(self, name: str) -> list[str]:
        """Those that were to be trained or validated on samples of the official test split of `name`, also failed ones:
            they hold out others for the test, or add it to another dataset. With all that start with weights of such
        ones, directly or not. From disk."""
        children = defaultdict[str, list[str]](list)
        found = set[str]()
        for record in self._find(f'"{name}"', '"weights_from":"', '"continue_from":"'):
            for parent in filter(None, (record.spec.model.weights_from, record.spec.continue_from)):
                children[parent].append(record.id)
            if _uses_official_test(record, name):
                found.add(record.id)
        waiting = list(found)
        while waiting:
            new = [each for each in children[waiting.pop()] if each not in found]
            found.update(new)
            waiting += new
        return sorted(found)

    def users_of_weights(self, experiment_id: str) -> list[str]:
        """The queued and running experiments that start with its weights. From disk."""
        return [
            record.id
            for record in self._find(f'"weights_from":"{experiment_id}"')
            if record.spec.model.weights_from == experiment_id and not record.status.is_terminal
        ]

    def _find(self, *marks: str) -> Iterator[Record]:
        """The records on disk whose JSON contains one of `marks`, anywhere."""
        for path in sorted(self.experiments.glob(f"*/{RECORD_FILE}")):
            try:
                data = path.read_bytes()
                if not any(mark.encode() in data for mark in marks):
                    continue  # as in most records; reading is cheaper than parsing
                yield self.read(path.parent.name)
            except (OSError, NotFound, Damaged):
                continue


def _uses_official_test(record: Record, name: str) -> bool:
    dataset = record.spec.dataset
    return name in dataset.added_names or (record.dataset == name and dataset.split.test != "official")
