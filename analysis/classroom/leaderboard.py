"""The leaderboard of an assignment.

Before the deadline it shows scores on the public half of the hidden test split, after it, and those of all other
assignments on the dataset, those on the final half. A student is represented by the submission that is best on the
public half: what is chosen by one half is not flattered by its luck on the other.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Literal, NamedTuple

from analysis.classroom.scores import Difference, Half, Rights, split_in_halves
from analysis.comparison.lineage import read_lineage
from models_store.assignments.record import AssignmentRecord, Submission
from models_store.assignments.store import SealedSplit
from models_store.classes.record import ClassRecord, Student
from models_store.errors import Damaged, NotFound
from models_store.experiments.record import Record
from models_store.experiments.store import ExperimentStore
from models_store.frozen import Frozen
from specs.assignment import Metric

HalfName = Literal["public", "final"]
_MAX_SOURCES = 100


class LineageEntry(Frozen):
    """An experiment whose weights a submission has, directly or by others, or that it is based on, or itself last.
    `changed`: what it changed in the one that it is based on, null for who has given weights alone, and the first."""

    id: str
    name: str
    owner: str | None
    changed: str | None


class LeaderboardRow(Frozen):
    """A student's submission. Of a `rank` are all whose scores show no difference to the first of them. `low` and
    `high` are the 95 % interval of the score; `compared` is its difference to the first of the rank that it was
    compared with, null in the first row. `submissions` counts the student's. `experiment_id` and `lineage` are null
    before the deadline, and to those to whom the experiment is private."""

    rank: int
    handle: str
    name: str
    score: float
    low: float
    high: float
    compared: Difference | None
    is_tied: bool
    submissions: int
    submitted_at: datetime
    experiment_id: str | None
    lineage: tuple[LineageEntry, ...] | None


class Leaderboard(Frozen):
    """On `samples` samples, the `half` of the hidden test split. `missing` are the handles of students who have
    submitted nothing."""

    assignment_id: str
    title: str
    dataset: str
    metric: Metric
    half: HalfName
    samples: int
    is_closed: bool
    deadline: datetime
    max_submissions: int
    items: tuple[LeaderboardRow, ...]
    missing: tuple[str, ...]
    sentence: str


class Standing(NamedTuple):
    """A student with the submission that counts, and how many there are."""

    student: Student
    submission: Submission
    right: Rights
    submissions: int


class ScoredSubmission(Frozen):
    """`score` is that on the public half, `final_score` on the final half, null until that is shown. `counts`: it
    represents the student."""

    id: str
    handle: str
    experiment_id: str
    submitted_at: datetime
    score: float
    final_score: float | None
    counts: bool


def scored(
    assignment: AssignmentRecord,
    classroom: ClassRecord,
    submissions: Sequence[Submission],
    test: SealedSplit,
    *,
    is_final: bool,
) -> list[ScoredSubmission]:
    """Of the students who are in the class, oldest first."""
    public, final = split_in_halves(assignment.metric, *test, assignment.seed, assignment.class_numbers)
    counting = {each.submission.id for each in _standings(classroom, submissions, public)}
    found = []
    for each in submissions:
        student = classroom.student_of(each.student)
        if student is None:
            continue
        right = each.answers(len(test.truth))
        found.append(
            ScoredSubmission(
                id=each.id,
                handle=student.handle,
                experiment_id=each.experiment_id,
                submitted_at=each.at,
                score=public.score(right),
                final_score=final.score(right) if is_final else None,
                counts=each.id in counting,
            )
        )
    return found


def build_leaderboard(
    assignment: AssignmentRecord,
    classroom: ClassRecord,
    submissions: Sequence[Submission],
    test: SealedSplit | None,
    experiments: ExperimentStore,
    now: datetime,
    *,
    is_final: bool,
) -> Leaderboard:
    """`test` is None before the first submission; `is_final`: its scores are those on the final half."""
    is_closed = assignment.is_closed(now)
    rows: tuple[LeaderboardRow, ...] = ()
    samples = 0
    if test is not None:
        public, final = split_in_halves(assignment.metric, *test, assignment.seed, assignment.class_numbers)
        half = final if is_final else public
        lineage = (lambda experiment_id: _lineage(experiment_id, experiments)) if is_closed else _hidden
        rows, samples = tuple(_rank(_standings(classroom, submissions, public), half, lineage)), half.samples
    present = {each.handle for each in rows}
    return Leaderboard(
        assignment_id=assignment.id,
        title=assignment.title,
        dataset=assignment.dataset,
        metric=assignment.metric,
        half="final" if is_final else "public",
        samples=samples,
        is_closed=is_closed,
        deadline=assignment.deadline,
        max_submissions=assignment.budget.submissions,
        items=rows,
        missing=tuple(each.handle for each in classroom.students if each.handle not in present),
        sentence=_describe(rows),
    )


def _standings(classroom: ClassRecord, submissions: Sequence[Submission], public: Half) -> list[Standing]:
    standings = []
    for student in classroom.students:
        own = [each for each in submissions if each.student == student.owner]
        if own:
            answers = {each.id: each.answers(len(public.truth)) for each in own}
            best = max(own, key=lambda each: public.score(answers[each.id]))
            standings.append(Standing(student, best, answers[best.id], len(own)))
    return standings


def _rank(
    standings: Sequence[Standing], half: Half, lineage: Callable[[str], tuple[LineageEntry, ...] | None]
) -> list[LeaderboardRow]:
    ordered = sorted(standings, key=lambda each: (-half.score(each.right), each.submission.at))
    compared, ranks = _compare(ordered, half)
    rows = []
    for standing, difference, rank in zip(ordered, compared, ranks, strict=True):
        interval = half.interval(standing.right)
        experiment_id = standing.submission.experiment_id
        shown = lineage(experiment_id)
        rows.append(
            LeaderboardRow(
                rank=rank,
                handle=standing.student.handle,
                name=standing.student.name,
                score=half.score(standing.right),
                low=interval.low,
                high=interval.high,
                compared=difference,
                is_tied=ranks.count(rank) > 1,
                submissions=standing.submissions,
                submitted_at=standing.submission.at,
                experiment_id=None if shown is None else experiment_id,
                lineage=shown,
            )
        )
    return rows


def _compare(ordered: Sequence[Standing], half: Half) -> tuple[list[Difference | None], list[int]]:
    """Each with the first of the rank before it, whose rank it has unless a difference is shown; and the ranks."""
    compared: list[Difference | None] = []
    ranks: list[int] = []
    first = None
    for place, each in enumerate(ordered, 1):
        difference = None if first is None else half.difference(first.student.handle, each.right, first.right)
        if difference is None or difference.is_shown:
            first = each
            ranks.append(place)
        else:
            ranks.append(ranks[-1])
        compared.append(difference)
    return compared, ranks


def _describe(rows: Sequence[LeaderboardRow]) -> str:
    if not rows:
        return "nobody has submitted anything yet"
    leaders = [each.name for each in rows if each.rank == 1]
    if len(leaders) == 1:
        return f"{leaders[0]} leads" if len(rows) > 1 else f"{leaders[0]} is the only one who has submitted"
    return f"between {', '.join(leaders[:-1])} and {leaders[-1]} no difference is shown"


def _hidden(_: str) -> None:
    """Of every experiment, before the deadline."""


def _lineage(experiment_id: str, experiments: ExperimentStore) -> tuple[LineageEntry, ...] | None:
    """Empty if the experiment was deleted, None if it is private to others."""
    if not experiments.privacy(experiment_id).is_shown:
        return None
    try:
        steps = read_lineage(experiment_id, experiments).items
        records = {each.id: experiments.get(each.id) for each in steps}
    except (NotFound, Damaged):
        return ()
    given = [
        LineageEntry(id=each.id, name=each.name, owner=each.owner, changed=None)
        for each in _sources(records.values(), experiments)
    ]
    chain = [
        LineageEntry(id=each.id, name=each.name, owner=records[each.id].owner, changed=each.changed) for each in steps
    ]
    return (*given, *chain)


def _sources(records: Iterable[Record], experiments: ExperimentStore) -> list[Record]:
    """The others whose weights they have, directly or not, oldest first; a hundred at most."""
    chain = list(records)
    seen = {each.id: each for each in chain}
    waiting = list(chain)
    while waiting and len(seen) < len(chain) + _MAX_SOURCES:
        with suppress(NotFound, Damaged):
            spec = waiting.pop().spec
            for source in (spec.continue_from, spec.model.weights_from):
                if source is not None and source not in seen:
                    seen[source] = experiments.get(source)
                    waiting.append(seen[source])
    return sorted(list(seen.values())[len(chain) :], key=lambda each: each.created_at)
