"""Answers about classes."""

from collections.abc import Sequence
from datetime import datetime

from analysis.classroom.progress import StudentProgress
from api.schemas.answer import Answer, ItemList
from api.schemas.csv_text import write_csv
from models_store.access.key import Key
from models_store.classes.record import ClassRecord, Student
from models_store.experiments.comments import Comment


class StudentView(Answer):
    """A student: `handle` is unique in the class; `owner` is whose the student's keys and experiments are."""

    handle: str
    owner: str
    name: str
    added_at: datetime

    @classmethod
    def of(cls, student: Student) -> "StudentView":
        return cls(**student.model_dump())


class ClassView(Answer):
    """A class. `you` is your handle in it, null for its teacher and admins."""

    name: str
    teacher: str
    created_at: datetime
    you: str | None
    students: list[StudentView]

    @classmethod
    def of(cls, record: ClassRecord, key: Key) -> "ClassView":
        you = record.student_of(key.owner)
        return cls(
            name=record.name,
            teacher=record.teacher,
            created_at=record.created_at,
            you=None if you is None else you.handle,
            students=[StudentView.of(each) for each in record.students],
        )


class ClassList(ItemList[ClassView]):
    """Those that you teach or attend, by name; for an admin all."""


class StudentKey(Answer):
    """A new key of a student; `key` is the text to send, which is never shown again."""

    handle: str
    owner: str
    name: str
    key_id: str
    key: str

    @classmethod
    def of(cls, student: Student, key: Key, token: str) -> "StudentKey":
        return cls(handle=student.handle, owner=student.owner, name=student.name, key_id=key.id, key=token)


class ClassKeys(Answer):
    """A class, with the keys of the students who are new in it: their texts are never shown again."""

    name: str
    teacher: str
    created_at: datetime
    students: list[StudentView]
    keys: list[StudentKey]

    @classmethod
    def of(cls, record: ClassRecord, keys: Sequence[tuple[Student, Key, str]]) -> "ClassKeys":
        return cls(
            name=record.name,
            teacher=record.teacher,
            created_at=record.created_at,
            students=[StudentView.of(each) for each in record.students],
            keys=[StudentKey.of(*each) for each in keys],
        )


class ProgressList(ItemList[StudentProgress]):
    """The students of a class, in its order."""


class CommentList(ItemList[Comment]):
    """Oldest first."""


_COLUMNS = ("handle", "name", "owner", "minutes", "last_activity", "best_val_accuracy", "last", "is_stuck", "sentence")
_COUNTED = ("queued", "running", "succeeded", "failed", "cancelled")


def progress_csv(items: Sequence[StudentProgress]) -> str:
    """A row for each student, with the number of runs by status, and the rules whose findings the last run has."""
    return write_csv([*_COLUMNS, *_COUNTED, "findings"], map(_cells, items))


def _cells(each: StudentProgress) -> list[object]:
    counts = (each.runs.get(status, 0) for status in _COUNTED)
    rules = [finding.rule for finding in each.findings]
    return [*(getattr(each, name) for name in _COLUMNS), *counts, rules]
