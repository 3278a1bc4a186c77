"""Classes: students, keys, progress, comments."""

from collections.abc import Sequence

from trainyard.answers.base import ItemList
from trainyard.answers.classes import ClassKeys, Comment, SchoolClass, StudentKey, StudentProgress
from trainyard.operations.experiments import path_of
from trainyard.operations.operation import Operation, read_as, read_nothing, read_text, segment


def create_class(class_name: str, students: Sequence[str]) -> Operation[ClassKeys]:
    """Create a class with a key for each student. Keep the `keys` of the answer: they are never shown again."""
    return Operation("POST", "/classes", read_as(ClassKeys), json={"name": class_name, "students": list(students)})


def classes() -> Operation[ItemList[SchoolClass]]:
    """The classes that you teach or attend."""
    return Operation("GET", "/classes", read_as(ItemList[SchoolClass]))


def school_class(class_name: str) -> Operation[SchoolClass]:
    """A class and its students."""
    return Operation("GET", _path_of(class_name), read_as(SchoolClass))


def delete_class(class_name: str) -> Operation[None]:
    """Delete a class with its assignments, and revoke its students' keys; their experiments stay."""
    return Operation("DELETE", _path_of(class_name), read_nothing)


def add_students(class_name: str, students: Sequence[str]) -> Operation[ClassKeys]:
    """Add students; the answer has their keys."""
    return Operation("POST", f"{_path_of(class_name)}/students", read_as(ClassKeys), json={"students": list(students)})


def remove_student(class_name: str, handle: str) -> Operation[SchoolClass]:
    """Remove a student, and revoke all keys of the student."""
    return Operation("DELETE", f"{_path_of(class_name)}/students/{segment(handle)}", read_as(SchoolClass))


def replace_student_key(class_name: str, handle: str) -> Operation[StudentKey]:
    """A new key for a student who has lost one; the old ones are revoked."""
    return Operation("POST", f"{_path_of(class_name)}/students/{segment(handle)}/key", read_as(StudentKey))


def class_progress(class_name: str) -> Operation[ItemList[StudentProgress]]:
    """How each student gets on, and who is stuck."""
    return Operation("GET", f"{_path_of(class_name)}/progress", read_as(ItemList[StudentProgress]))


def class_progress_csv(class_name: str) -> Operation[str]:
    """The same as CSV."""
    return Operation("GET", f"{_path_of(class_name)}/progress.csv", read_text)


def student_report(class_name: str, handle: str) -> Operation[str]:
    """A report on a student as a self-contained page of HTML."""
    return Operation("GET", f"{_path_of(class_name)}/students/{segment(handle)}/report.html", read_text)


def comment(experiment_id: str, text: str) -> Operation[Comment]:
    """Comment on an experiment, as a teacher."""
    return Operation("POST", f"{path_of(experiment_id)}/comments", read_as(Comment), json={"text": text})


def comments(experiment_id: str) -> Operation[ItemList[Comment]]:
    """What was said about an experiment, oldest first."""
    return Operation("GET", f"{path_of(experiment_id)}/comments", read_as(ItemList[Comment]))


def _path_of(class_name: str) -> str:
    return f"/classes/{segment(class_name)}"
