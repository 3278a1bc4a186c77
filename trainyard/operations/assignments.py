"""Assignments: create, show, submit, leaderboard."""

from datetime import datetime

from trainyard.answers.base import ItemList
from trainyard.answers.classes import Assignment, Leaderboard, NewSubmission, Submission
from trainyard.operations.experiments import Spec, encode_spec
from trainyard.operations.operation import Operation, read_as, read_nothing, read_text, segment


def create_assignment(assignment: Spec) -> Operation[Assignment]:
    """Set a class an assignment, and seal the test split of its dataset. `assignment` is a mapping, JSON or YAML text,
    or the path of a file: docs/classroom.md."""
    content, media_type = encode_spec(assignment)
    headers = {"Content-Type": media_type}
    return Operation("POST", "/assignments", read_as(Assignment), content=content, headers=headers)


def assignments() -> Operation[ItemList[Assignment]]:
    """Those of the classes that you teach or attend, oldest first."""
    return Operation("GET", "/assignments", read_as(ItemList[Assignment]))


def assignment(assignment_id: str) -> Operation[Assignment]:
    """An assignment, with what you have spent of its budget."""
    return Operation("GET", _path_of(assignment_id), read_as(Assignment))


def move_deadline(assignment_id: str, deadline: datetime) -> Operation[Assignment]:
    """Move the deadline, which must not have passed. A `deadline` without an offset is local time."""
    body = {"deadline": deadline.astimezone().isoformat()}
    return Operation("PATCH", _path_of(assignment_id), read_as(Assignment), json=body)


def delete_assignment(assignment_id: str) -> Operation[None]:
    """Delete an assignment with its submissions; the test split stays hidden until it is revealed."""
    return Operation("DELETE", _path_of(assignment_id), read_nothing)


def submit_experiment(assignment_id: str, experiment_id: str) -> Operation[NewSubmission]:
    """Submit an experiment of yours. Raises Invalid, whose `errors` say which rules it breaks."""
    path, body = f"{_path_of(assignment_id)}/submissions", {"experiment": experiment_id}
    return Operation("POST", path, read_as(NewSubmission), json=body)


def submissions(assignment_id: str) -> Operation[ItemList[Submission]]:
    """Yours, for a teacher everybody's, oldest first."""
    return Operation("GET", f"{_path_of(assignment_id)}/submissions", read_as(ItemList[Submission]))


def leaderboard(assignment_id: str) -> Operation[Leaderboard]:
    """The best submission of each student, with intervals and ties."""
    return Operation("GET", f"{_path_of(assignment_id)}/leaderboard", read_as(Leaderboard))


def leaderboard_csv(assignment_id: str) -> Operation[str]:
    """The same as CSV."""
    return Operation("GET", f"{_path_of(assignment_id)}/leaderboard.csv", read_text)


def _path_of(assignment_id: str) -> str:
    return f"/assignments/{segment(assignment_id)}"
