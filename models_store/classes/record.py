"""A class and its students."""

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from pydantic import Field

from models_store.errors import InvalidState, NotFound
from models_store.frozen import utc_now
from models_store.versions import Nested, Stored
from specs import limits
from specs.classroom import handle_of


class Student(Nested):
    """`handle` is unique in the class, and `owner` on the service: whose keys and experiments are the student's."""

    handle: str
    owner: str
    name: str
    added_at: datetime = Field(default_factory=utc_now)


class ClassRecord(Stored):
    """`teacher` is the owner of the key that has created it. `students` stand in the order in which they were added."""

    name: str
    teacher: str
    created_at: datetime = Field(default_factory=utc_now)
    students: tuple[Student, ...] = ()

    def student(self, handle: str) -> Student:
        """Raises NotFound."""
        found = next((each for each in self.students if each.handle == handle), None)
        if found is None:
            raise NotFound(f"class {self.name} has no student {handle[:50]!r}; GET /classes/{self.name} lists all")
        return found

    def student_of(self, owner: str) -> Student | None:
        return next((each for each in self.students if each.owner == owner), None)

    def with_students(self, names: Iterable[str]) -> tuple[Self, tuple[Student, ...]]:
        """Also returns those who are new. Raises InvalidState if a name is there, or there would be too many."""
        known = {each.name for each in self.students}
        handles = {each.handle for each in self.students}
        added: list[Student] = []
        for name in names:
            if name in known:
                raise InvalidState(f"class {self.name} has {name} already; a lost key is replaced by POST .../key")
            handle = handle_of(name, handles)
            handles.add(handle)
            added.append(Student(handle=handle, owner=f"{handle}@{self.name}", name=name))
        students = (*self.students, *added)
        if len(students) > limits.STUDENTS:
            raise InvalidState(f"class {self.name} would have {len(students)} students; at most {limits.STUDENTS}")
        return self.model_copy(update={"students": students}), tuple(added)

    def without(self, handle: str) -> Self:
        """Raises NotFound."""
        gone = self.student(handle)
        return self.model_copy(update={"students": tuple(each for each in self.students if each != gone)})
