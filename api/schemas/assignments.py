"""Answers about assignments."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import Field

from analysis.classroom.leaderboard import Leaderboard, LeaderboardRow, ScoredSubmission
from analysis.classroom.rules import Spent
from api.schemas.answer import Answer, ItemList
from api.schemas.csv_text import write_csv
from models_store.assignments.record import AssignmentRecord
from specs.assignment import AssignmentBudget, Metric


class AssignmentView(Answer):
    """An assignment. `base` is a whole spec, at whose pointers `may_change` a submission may differ. After the deadline
    it `is_closed`. `spent` is what you have used of the budget, null for those who are not students of the class."""

    id: str
    class_name: str = Field(serialization_alias="class")
    title: str
    task: str
    dataset: str
    base: dict[str, Any]
    may_change: list[str]
    budget: AssignmentBudget
    deadline: datetime
    is_closed: bool
    metric: Metric
    created_at: datetime
    spent: Spent | None

    @classmethod
    def of(cls, record: AssignmentRecord, now: datetime, spent: Spent | None = None) -> "AssignmentView":
        same = ("id", "class_name", "title", "task", "dataset", "budget", "deadline", "metric", "created_at")
        return cls(
            **{name: getattr(record, name) for name in same},
            base=dict(record.base),
            may_change=list(record.may_change),
            is_closed=record.is_closed(now),
            spent=spent,
        )


class AssignmentList(ItemList[AssignmentView]):
    """Those of the classes that you teach or attend, oldest first; for an admin all."""


class SubmissionList(ItemList[ScoredSubmission]):
    """Yours; for a teacher everybody's. Oldest first."""


class SubmissionView(Answer):
    """A submission that counts, and how many are left."""

    id: str
    experiment_id: str
    submitted_at: datetime
    submissions_left: int


_COLUMNS = ("rank", "handle", "name", "score", "low", "high", "is_tied", "submissions", "submitted_at", "experiment_id")


def leaderboard_csv(board: Leaderboard) -> str:
    """A row for each student who has submitted something."""
    header = [*_COLUMNS, "compared_with", "difference", "difference_low", "difference_high", "p_value", "half"]
    return write_csv(header, (_cells(each, board) for each in board.items))


def _cells(row: LeaderboardRow, board: Leaderboard) -> Sequence[object]:
    found = row.compared
    compared = (found.to, found.difference, found.low, found.high, found.p_value) if found else (None,) * 5
    return [*(getattr(row, name) for name in _COLUMNS), *compared, board.half]
