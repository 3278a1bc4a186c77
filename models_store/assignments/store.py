"""The store of assignments and submissions."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from models_store.assignments.record import AssignmentRecord, Submission
from models_store.datasets.store import DatasetStore
from models_store.errors import Damaged, InvalidState, Newer, NotFound
from models_store.evaluations.predictions import read_predictions
from models_store.experiments.record import Record
from models_store.experiments.store import ExperimentStore
from models_store.file_cache import FileCache
from models_store.files import create_exclusive, create_record_folder, lock_folder, remove_directory, write_atomic
from models_store.frozen import utc_now
from models_store.ids import is_experiment_id
from models_store.npz import npz_errors, read_npz
from models_store.versions import has_unknown
from models_store.visibility import seeing_everything

FOLDER = "assignments"
RECORD_FILE = "assignment.json"
TEST_FILE = "test.npz"
_SUBMISSIONS = "submissions"
# Of one class, and of all.
MAX_ASSIGNMENTS = 100
_MAX_ALL = 5_000
_LONGEST = timedelta(days=366)

log = logging.getLogger(__name__)


class SealedSplit(NamedTuple):
    """The test split of an assignment. `samples`: int64 (n,), their numbers in the dataset, ascending. `truth`: int64
    (n,), class indices."""

    samples: NDArray[np.int64]
    truth: NDArray[np.int64]


class AssignmentStore:
    """Assignments on disk, each in the folder `assignments/<id>` under `root`, with its submissions. Every change is
    made under the folder's lock, and what moves the seal of a test split under the lock of `assignments` before it. The
    test split of the dataset is sealed before there is an assignment on it."""

    def __init__(self, root: Path, experiments: ExperimentStore, datasets: DatasetStore) -> None:
        self._folder = root / FOLDER
        self._experiments = experiments
        self._datasets = datasets
        self._files = FileCache[AssignmentRecord]()
        self._submitted = FileCache[Submission]()

    def prepare(self) -> None:
        """Make the folder. Raises OSError if the store is not writable."""
        self._folder.mkdir(parents=True, exist_ok=True)

    def create(self, record: AssignmentRecord) -> AssignmentRecord:
        """Seal the test split until the deadline, then add the assignment. All on one dataset have the halves of the
        first: the public half of one is not the final half of another. Raises InvalidState for a deadline that has
        passed or is too far away, if there are too many assignments, or the test split cannot be sealed; NotFound,
        Newer, Busy, StorageFull."""
        _check_deadline(record.deadline)
        with lock_folder(self._folder):
            self.reject_newer(record.dataset)
            known = self.records()
            _reject_many(known, record.class_name)
            seed = next((each.seed for each in known if each.dataset == record.dataset), record.seed)
            record = record.model_copy(update={"seed": seed})
            self._seal([*known, record], record.dataset)
            data = record.model_dump_json().encode()
            create_record_folder(
                self._folder / record.id,
                RECORD_FILE,
                data,
                f"assignment {record.id}",
                lambda staged: (staged / _SUBMISSIONS).mkdir(),
            )
            return record

    def records(self, class_name: str | None = None) -> list[AssignmentRecord]:
        """All that are sound, of a class or of all, oldest first."""
        found = []
        for path in sorted(self._folder.glob(f"[!.]*/{RECORD_FILE}")):
            try:
                found.append(self.get(path.parent.name))
            except (NotFound, Damaged):
                continue
        return [each for each in found if class_name in (None, each.class_name)]

    def reject_newer(self, *names: str) -> None:
        """Raises Newer if a newer version has written an assignment that names all of these classes and datasets: its
        deadline and its budget are not known."""
        for path in sorted(self._folder.glob(f"[!.]*/{RECORD_FILE}")):
            with suppress(NotFound, FileNotFoundError):
                try:
                    self.get(path.parent.name)
                except Newer as error:
                    document = path.read_bytes()
                    if all(f'"{each}"'.encode() in document for each in names):
                        raise Newer(f"assignment {path.parent.name} on {' and '.join(names)}: {error}") from error
                except Damaged:
                    continue

    def get(self, assignment_id: str) -> AssignmentRecord:
        """Raises NotFound, Damaged."""
        path = self._path(assignment_id) / RECORD_FILE
        try:
            return self._files.get(path, lambda: AssignmentRecord.model_validate_json(path.read_bytes()))
        except FileNotFoundError as error:
            raise _not_found(assignment_id) from error
        except ValidationError as error:
            raise Damaged(
                f"the record of assignment {assignment_id} does not parse; restore it from a backup"
            ) from error

    def is_final(self, record: AssignmentRecord, now: datetime) -> bool:
        """Whether its scores on the final half are shown: no assignment on its dataset is open."""
        return record.is_closed(now) and self._experiments.holdout.hidden.may_reveal(record.dataset, now)

    def move_deadline(self, assignment_id: str, deadline: datetime) -> AssignmentRecord:
        """Raises InvalidState if the old one has passed, or the new one has or is too far away; NotFound, Newer, Busy,
        StorageFull."""
        _check_deadline(deadline)
        with lock_folder(self._folder), lock_folder(self.folder(assignment_id)):
            record = self.get(assignment_id)
            self._check_open(record)
            self.reject_newer(record.dataset)
            changed = record.model_copy(update={"deadline": deadline})
            others = [each for each in self.records() if each.id != record.id]
            self._seal([*others, changed], record.dataset)
            write_atomic(self._path(assignment_id) / RECORD_FILE, changed.model_dump_json().encode())
            return changed

    def delete(self, assignment_id: str) -> None:
        """With its submissions. The test split stays hidden until it is revealed. Raises NotFound, Newer,
        Busy, StorageFull."""
        folder = self.folder(assignment_id)
        with lock_folder(self._folder), lock_folder(folder):
            record = self.get(assignment_id)
            self.reject_newer(record.dataset)
            others = [each for each in self.records() if each.id != record.id]
            self._experiments.holdout.hidden.move_seal(record.dataset, _last_deadline(others, record.dataset))
            remove_directory(folder)

    def submit(
        self, assignment_id: str, student: str, experiment: Record, check: Callable[[], None]
    ) -> tuple[AssignmentRecord, Submission]:
        """Count a submission. `check` may raise; it is called under the lock. Raises InvalidState after the deadline,
        for an experiment that was submitted already, and if no submission is left; NotFound, Damaged, StorageFull;
        Newer if a newer version has written one of its submissions."""
        folder = self.folder(assignment_id)
        with lock_folder(folder):
            record = self.get(assignment_id)
            self._check_open(record)
            known, newer = self._all_submissions(assignment_id)
            if newer or has_unknown(record.budget):
                why = newer[0] if newer else "a later release has added to it; submit to an API of that one"
                raise Newer(f"what is left of the budget of assignment {assignment_id} is not known: {why}")
            earlier = [each for each in known if each.student == student]
            if any(each.experiment_id == experiment.id for each in earlier):
                raise InvalidState(f"experiment {experiment.id} was submitted already; that counts once")
            if len(earlier) >= record.budget.submissions:
                raise InvalidState(f"all {record.budget.submissions} submissions are used; none is left")
            check()
            submission = Submission.of(student, experiment.id, self._answers(folder, experiment))
            write_atomic(folder / _SUBMISSIONS / f"{submission.id}.json", submission.model_dump_json().encode())
            return record, submission

    def submissions(self, assignment_id: str) -> list[Submission]:
        """All that are sound, oldest first; newer ones are left out. Raises NotFound."""
        found, newer = self._all_submissions(assignment_id)
        for each in newer:
            log.warning("a submission is left out: %s", each)
        return found

    def _all_submissions(self, assignment_id: str) -> tuple[list[Submission], list[str]]:
        """Those that are sound, and what is to be said of each newer one."""
        found, newer = [], []
        for path in sorted((self.folder(assignment_id) / _SUBMISSIONS).glob("[!.]*.json")):
            try:
                found.append(self._submitted.get(path, lambda path=path: _read_submission(path)))  # type: ignore[misc]
            except Newer as error:
                newer.append(f"submission {path.stem}: {error}")
            except (ValidationError, FileNotFoundError):
                continue
        return found, newer

    def test_samples(self, assignment_id: str) -> SealedSplit:
        """Raises NotFound before the first submission, Damaged."""
        path = self.folder(assignment_id) / TEST_FILE
        try:
            with npz_errors(path):
                return SealedSplit(**read_npz(path, SealedSplit._fields))
        except FileNotFoundError as error:
            raise NotFound(f"nobody has submitted anything to assignment {assignment_id}") from error

    def counts_run(self, record: Record, students: Callable[[str], Sequence[str]]) -> AssignmentRecord | None:
        """An open assignment whose budget an experiment counts in; `students` returns the owners of a class."""
        now = utc_now()
        for each in self.records():
            if (
                each.dataset == record.dataset
                and each.created_at <= record.created_at
                and not each.is_closed(now)
                and record.owner in students(each.class_name)
            ):
                return each
        return None

    def _answers(self, folder: Path, experiment: Record) -> NDArray[np.bool_]:
        """Whether the network was right on each test sample, by number. The holdout withholds that from everybody; here
        it is only counted."""
        found = read_predictions(self._experiments.artifacts(experiment.id), "test")
        order = np.argsort(found.samples, kind="stable")
        test = SealedSplit(found.samples[order], found.truth[order])
        file = BytesIO()
        np.savez(file, allow_pickle=False, **test._asdict())
        create_exclusive(folder / TEST_FILE, file.getvalue())
        known = self.test_samples(folder.name)
        if not all(map(np.array_equal, known, test)):
            raise InvalidState(f"experiment {experiment.id} was tested on other samples than earlier submissions")
        return np.asarray(found.predicted[order] == test.truth)

    def _seal(self, records: Sequence[AssignmentRecord], dataset: str) -> None:
        self._datasets.seal_test(dataset, _last_deadline(records, dataset), self._named_users)

    def _named_users(self, dataset: str) -> list[str]:
        """With their owners, who can delete them; what is private to others has no name."""
        with seeing_everything():
            users = self._experiments.users_of_test(dataset)
        return list(map(self._named, users))

    def _named(self, experiment_id: str) -> str:
        [name] = self._experiments.named([experiment_id])
        with suppress(NotFound, Damaged):
            owner = self._experiments.read(experiment_id).owner
            return f"{name} of {owner}" if owner else name
        return name

    def _check_open(self, record: AssignmentRecord) -> None:
        if record.is_closed(utc_now()):
            raise InvalidState(
                f"assignment {record.id} was closed at {record.deadline:%Y-%m-%d %H:%M} UTC; POST /assignments makes "
                "another one"
            )

    def folder(self, assignment_id: str) -> Path:
        folder = self._path(assignment_id)
        if not folder.is_dir():
            raise _not_found(assignment_id)
        return folder

    def _path(self, assignment_id: str) -> Path:
        """Raises NotFound if the id is malformed."""
        if not is_experiment_id(assignment_id):
            raise _not_found(assignment_id)
        return self._folder / assignment_id


def _read_submission(path: Path) -> Submission:
    return Submission.model_validate_json(path.read_bytes())


def _last_deadline(records: Sequence[AssignmentRecord], dataset: str) -> datetime:
    """Of the assignments on a dataset; now if there is none."""
    return max((each.deadline for each in records if each.dataset == dataset), default=utc_now())


def _check_deadline(deadline: datetime) -> None:
    now = utc_now()
    if deadline <= now:
        raise InvalidState(
            f"the deadline {deadline:%Y-%m-%d %H:%M} UTC has passed: it is {now:%Y-%m-%d %H:%M} UTC here"
        )
    if deadline > now + _LONGEST:
        raise InvalidState(
            f"the deadline {deadline:%Y-%m-%d %H:%M} UTC is more than {_LONGEST.days} days away; until it nobody may "
            "reveal the test split, so choose an earlier one"
        )


def _reject_many(known: Sequence[AssignmentRecord], class_name: str) -> None:
    own = sum(each.class_name == class_name for each in known)
    if own >= MAX_ASSIGNMENTS or len(known) >= _MAX_ALL:
        whose = f"class {class_name} has {own}" if own >= MAX_ASSIGNMENTS else f"this service has {len(known)}"
        raise InvalidState(f"{whose} assignments, and no more are allowed; DELETE /assignments/{{id}} removes one")


def _not_found(assignment_id: str) -> NotFound:
    return NotFound(f"assignment {assignment_id[:50]!r} not found; GET /assignments lists yours")
