"""Improvements of what serves, by its corrections."""

from datetime import datetime

from trainyard.answers.base import Answer


class ImprovementCheck(Answer):
    """The comparison with the experiment `baseline`, which served, on the same samples of `split`."""

    baseline: str
    split: str
    samples: int
    accuracy_before: float
    accuracy: float
    fixed: int
    regressed: int
    difference: float
    difference_interval: tuple[float, float]
    p: float
    checked_at: datetime


class Improvement(Answer):
    """Of an experiment that is to replace what serves its dataset. `state` is pending, waiting (for approval),
    promoted, rejected or declined; `check` is null before it was checked. `by_token`: it was asked for with a token of
    an identity provider."""

    baseline: str
    promote: str
    by_token: bool = False
    state: str
    check: ImprovementCheck | None = None
    reason: str = ""
    decided_by: str | None = None
    decided_at: datetime | None = None
