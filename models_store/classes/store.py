"""The store of classes."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from models_store.access.key import Key
from models_store.access.store import KeyStore
from models_store.classes.record import ClassRecord, Student
from models_store.errors import Damaged, InvalidState, NotFound, StoreError
from models_store.file_cache import FileCache
from models_store.files import create_record_folder, lock_folder, remove_directory, write_atomic
from models_store.frozen import utc_now
from specs.access import KeyScope, KeySpec
from specs.classroom import ClassSpec, is_class_name

FOLDER = "classes"
RECORD_FILE = "class.json"
# Of one teacher, and of all.
MAX_CLASSES = 50
_MAX_ALL = 2_000
# No `data`: who uploads a dataset can put anything into it, and into its test split.
STUDENT_SCOPES = (KeyScope.READ, KeyScope.RUN, KeyScope.PREDICT)
NewKeys = list[tuple[Student, Key, str]]


class ClassStore:
    """Classes on disk, each in the folder `classes/<name>` under `root`. Every change is made under the folder's lock.

    The record is written before keys are created, and after keys are revoked: a kill in between leaves a student
    without a key, who gets a new one, and never a key without a student.
    """

    def __init__(self, root: Path, keys: KeyStore, known_owners: Callable[[], Collection[str]]) -> None:
        """`known_owners` returns all who have something in the store beside keys."""
        self._folder = root / FOLDER
        self._keys = keys
        self._known_owners = known_owners
        self._files = FileCache[ClassRecord]()

    def prepare(self) -> None:
        """Make the folder. Raises OSError if the store is not writable."""
        self._folder.mkdir(parents=True, exist_ok=True)

    def create(self, spec: ClassSpec, teacher: Key) -> tuple[ClassRecord, NewKeys]:
        """Also returns the students' keys, with their texts. Raises InvalidState if the name or a student's owner is
        taken, or there are too many classes; StorageFull, with no class left; Unavailable if Redis, which counts
        experiments, cannot be reached."""
        self._reject_many(teacher.owner)
        empty = ClassRecord(name=spec.name, teacher=teacher.owner)
        record, added = empty.with_students(spec.students)
        self._reject_owners(added, teacher)
        folder = self._path(spec.name)
        if folder.exists():
            raise InvalidState(f"class {spec.name} exists already; choose another name")
        create_record_folder(folder, RECORD_FILE, record.model_dump_json().encode(), f"class {spec.name}")
        with self.hold(spec.name) as found:
            if found.created_at != record.created_at:
                raise InvalidState(f"class {spec.name} exists already; choose another name")
            try:
                return found, self._new_keys(found.students, teacher)
            except StoreError:
                self._remove(found, teacher.id)
                raise

    def records(self) -> list[ClassRecord]:
        """All that are sound, by name."""
        found = []
        for path in sorted(self._folder.glob(f"[!.]*/{RECORD_FILE}")):
            try:
                found.append(self.get(path.parent.name))
            except (NotFound, Damaged):
                continue
        return found

    def get(self, name: str) -> ClassRecord:
        """Raises NotFound, Damaged."""
        path = self._path(name) / RECORD_FILE
        try:
            return self._files.get(path, lambda: ClassRecord.model_validate_json(path.read_bytes()))
        except FileNotFoundError as error:
            raise _not_found(name) from error
        except ValidationError as error:
            raise Damaged(
                f"the record of class {name} does not parse; restore {FOLDER}/{name}/{RECORD_FILE} from a backup, or "
                f"remove the folder {FOLDER}/{name} of the store"
            ) from error

    def teaches(self, teacher: str, owner: str) -> bool:
        """Whether `owner` is a student in a class of `teacher`, and so of nobody else."""
        record = self._class_of(owner)
        return record is not None and record.teacher == teacher

    def has_student(self, owner: str) -> bool:
        return self._class_of(owner) is not None

    def _class_of(self, owner: str) -> ClassRecord | None:
        """Its name is in the name of the student."""
        _, at, name = owner.rpartition("@")
        try:
            record = self.get(name) if at else None
        except (NotFound, Damaged):
            return None
        return record if record is not None and record.student_of(owner) is not None else None

    def add_students(self, name: str, names: Sequence[str], teacher: Key) -> tuple[ClassRecord, NewKeys]:
        """Raises NotFound, InvalidState, StorageFull, Unavailable."""
        with self.hold(name) as found:
            record, added = found.with_students(names)
            self._reject_owners(added, teacher)
            self._write(record)
            return record, self._new_keys(added, teacher)

    def remove_student(self, name: str, handle: str, by: str) -> ClassRecord:
        """Revoke the student's keys, and forget the student; the experiments stay. Raises NotFound, StorageFull."""
        with self.hold(name) as found:
            self._revoke([found.student(handle)], by)
            record = found.without(handle)
            self._write(record)
            return record

    def renew_key(self, name: str, handle: str, teacher: Key) -> tuple[Student, Key, str]:
        """Revoke the student's keys, and create another one. Raises NotFound, StorageFull."""
        with self.hold(name) as record:
            student = record.student(handle)
            self._revoke([student], teacher.id)
            return self._new_keys([student], teacher)[0]

    def delete(self, name: str, by: str, first: Callable[[], None] = lambda: None) -> None:
        """With the keys of all students; their experiments stay. `first` deletes what the class has, under the lock.
        Raises NotFound, StorageFull."""
        with self.hold(name) as record:
            first()
            self._remove(record, by)

    @contextmanager
    def hold(self, name: str) -> Iterator[ClassRecord]:
        """Nobody else changes or deletes the class in the block. Raises NotFound, Damaged, Busy."""
        with lock_folder(self._existing(name)):
            yield self.get(name)

    def _remove(self, record: ClassRecord, by: str) -> None:
        self._revoke(record.students, by)
        remove_directory(self._path(record.name))

    def _reject_many(self, teacher: str) -> None:
        known = self.records()
        own = sum(each.teacher == teacher for each in known)
        if own >= MAX_CLASSES:
            raise InvalidState(
                f"{teacher} has {own} classes, and may have no more; DELETE /classes/{{name}} removes one"
            )
        if len(known) >= _MAX_ALL:
            raise InvalidState(f"there are {len(known)} classes, and can be no more; their teachers can remove some")

    def _reject_owners(self, students: Sequence[Student], teacher: Key) -> None:
        """So that nobody gets the experiments of somebody else. Only the teacher who has made an owner by adding a
        student may do so again, when no key of that is valid any more."""
        now, keys, known = utc_now(), self._keys.list(), self._known_owners()
        owner_of_key = {each.id: each.owner for each in keys}
        for student in students:
            own = [each for each in keys if each.owner == student.owner]
            is_new = not own and student.owner not in known
            is_back = bool(own) and owner_of_key.get(own[0].created_by or "") == teacher.owner
            if not is_new and (not is_back or any(each.is_live(now) for each in own)):
                raise InvalidState(
                    f"there are keys, experiments or others of {student.owner} already, which {student.name} would be; "
                    "choose another name"
                )

    def _new_keys(self, students: Sequence[Student], teacher: Key) -> NewKeys:
        spec = KeySpec(scopes=STUDENT_SCOPES)
        return [(each, *self._keys.create(spec, each.owner, teacher)) for each in students]

    def _revoke(self, students: Sequence[Student], by: str) -> None:
        owners = {each.owner for each in students}
        self._keys.revoke_all(lambda: [each for each in self._keys.list() if each.owner in owners], by)

    def _write(self, record: ClassRecord) -> None:
        write_atomic(self._path(record.name) / RECORD_FILE, record.model_dump_json().encode())

    def _existing(self, name: str) -> Path:
        folder = self._path(name)
        if not folder.is_dir():
            raise _not_found(name)
        return folder

    def _path(self, name: str) -> Path:
        """Raises NotFound if the name is malformed."""
        if not is_class_name(name):
            raise _not_found(name)
        return self._folder / name


def _not_found(name: str) -> NotFound:
    return NotFound(f"class {name[:50]!r} not found; GET /classes lists yours")
