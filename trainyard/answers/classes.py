"""Classes and assignments."""

from datetime import datetime
from typing import Any

from pydantic import Field

from trainyard.answers.base import Answer
from trainyard.answers.diagnosis import Finding


class Student(Answer):
    """`handle` is unique in the class; `owner` is whose the student's keys and experiments are."""

    handle: str
    owner: str
    name: str
    added_at: datetime


class SchoolClass(Answer):
    """A class. `you` is your handle in it, None for its teacher."""

    name: str
    teacher: str
    created_at: datetime
    you: str | None = None
    students: list[Student]


class StudentKey(Answer):
    """`key` is the text to send; it is never shown again."""

    handle: str
    owner: str
    name: str
    key_id: str
    key: str


class ClassKeys(Answer):
    """A class, with the keys of the students who are new in it: their texts are never shown again."""

    name: str
    teacher: str
    created_at: datetime
    students: list[Student]
    keys: list[StudentKey]


class StudentProgress(Answer):
    """`runs` counts experiments by status; `findings` are those of `last`, the newest one. `sentence` says why the
    student `is_stuck`, or else that nothing is wrong or nothing was started."""

    handle: str
    name: str
    owner: str
    runs: dict[str, int]
    minutes: float
    last_activity: datetime | None
    best_val_accuracy: float | None
    last: str | None
    findings: list[Finding]
    is_stuck: bool
    sentence: str


class Comment(Answer):
    """`author` is None where the service asks for no keys."""

    at: datetime
    author: str | None
    text: str


class AssignmentBudget(Answer):
    """Of one student; None is no limit."""

    runs: int | None = None
    minutes: float | None = None
    submissions: int = 5
    parameters: int | None = None


class Spent(Answer):
    """What a student has used of a budget."""

    runs: int
    minutes: float


class Assignment(Answer):
    """`base` is the spec that a submission may differ from at the JSON pointers `may_change`. `spent` is None for those
    who are not students of the class."""

    id: str
    class_name: str = Field(alias="class")
    title: str
    task: str
    dataset: str
    base: dict[str, Any]
    may_change: list[str]
    budget: AssignmentBudget
    deadline: datetime
    is_closed: bool
    metric: str
    created_at: datetime
    spent: Spent | None = None


class NewSubmission(Answer):
    """A submission that counts."""

    id: str
    experiment_id: str
    submitted_at: datetime
    submissions_left: int


class Submission(Answer):
    """`score` is that on the public half of the test split, `final_score` on the final half, None until that is
    shown. `counts`: it represents the student."""

    id: str
    handle: str
    experiment_id: str
    submitted_at: datetime
    score: float
    final_score: float | None
    counts: bool


class ScoreDifference(Answer):
    """To the score of the student `to`, with its 95 % interval. `p_value` is None for a balanced accuracy."""

    to: str
    difference: float
    low: float
    high: float
    p_value: float | None


class LineageEntry(Answer):
    """An experiment whose weights a submission has, or that it is based on, or itself last."""

    id: str
    name: str
    owner: str | None
    changed: str | None


class LeaderboardRow(Answer):
    """`low` and `high` are the 95 % interval of the score. Between those of a `rank` no difference is shown.
    `experiment_id` and `lineage` are None before the deadline, and to those to whom the experiment is private."""

    rank: int
    handle: str
    name: str
    score: float
    low: float
    high: float
    compared: ScoreDifference | None
    is_tied: bool
    submissions: int = 5
    submitted_at: datetime
    experiment_id: str | None
    lineage: list[LineageEntry] | None


class Leaderboard(Answer):
    """On `samples` samples, the `half` of the hidden test split: "public" before the deadlines of all assignments on
    the dataset, then "final". `missing` are the handles of students who have submitted nothing."""

    assignment_id: str
    title: str
    dataset: str
    metric: str
    half: str
    samples: int
    is_closed: bool
    deadline: datetime
    max_submissions: int
    items: list[LeaderboardRow]
    missing: list[str]
    sentence: str
